//! Undo and redo at the hand of the person: what there is to go back to, going there, and saying what it was.

use egui::Context;
use weightscope_frame::record::ControlValue;

use super::app::{App, Bottom};
use super::command::Action;
use super::form::Form;
use super::history::{Change, Moment, Way};
use super::log::Urgency;
use super::runs::{Remark, RunsAction};
use super::shown::Shown;
use super::sides::Side;

impl App {
    /// What undo looks at.
    pub(super) fn moment(&self) -> Moment {
        Moment {
            experiment: self.form.experiment.clone(),
            origin: self.form.origin.clone(),
            lab: self.shown.as_ref().map(Shown::layout_key),
            run: self.shown.as_ref().and_then(|shown| shown.folder.clone()),
            tree: self.layout.as_ref().map(|layout| layout.tree.clone()),
            own: self.own_views(),
            ticked: self.runs.ticks().clone(),
        }
    }

    /// Feeds the history; call it at the end of a frame.
    pub(super) fn feed_history(&mut self, context: &Context) {
        let moment = self.moment();
        self.history.feed(context.input(|input| input.time), &moment);
    }

    /// True if a change that can be seen can be taken back, or done again.
    pub(super) fn can_go_in_history(&self, back: bool) -> bool {
        self.history.can_go(back, |way| self.can_be_seen(way))
    }

    /// What an undo or redo would say now; none while nothing can be taken back.
    pub(super) fn next_in_history(&self, back: bool) -> Option<&str> {
        if back && self.history.is_in_flux() {
            return Some("the last change");
        }
        self.history.next(back, |way| self.can_be_seen(way))
    }

    /// What an undo of it changes is on the screen, or can be brought there.
    fn can_be_seen(&self, way: &Way) -> bool {
        let shown = self.shown.as_ref();
        match way {
            Way::Form(..) | Way::Ticks(_) | Way::PutBack(_) | Way::Delete(..) => true,
            Way::Layout { lab, .. } => shown.is_some_and(|shown| shown.layout_key() == *lab),
            Way::Act(action) => match action.as_ref() {
                Action::Turn(id, _) => shown.is_some_and(|shown| {
                    shown.views.iter().flat_map(|view| &view.controls).any(|control| control.id == *id)
                }),
                Action::Runs(RunsAction::Remark(path, _)) => self.runs.row(path).is_some(),
                _ => true,
            },
        }
    }

    /// One step of undo or redo; says what it was.
    pub(super) fn go_in_history(&mut self, back: bool, context: &Context) {
        let now = self.moment();
        self.history.settle(&now);
        let mut history = std::mem::take(&mut self.history);
        let change = history.go(back, |way| self.can_be_seen(way));
        self.history = history;
        let Some(change) = change else { return };
        if matches!(change.way(back), Way::PutBack(_) | Way::Delete(..)) {
            self.show_list();
        }
        self.history.quiet = true;
        self.go(change.way(back).clone(), context);
        self.history.quiet = false;
        let now = self.moment();
        self.history.rest_at(now);
        let word = if back { "Undone" } else { "Done again" };
        self.say(Urgency::Info, format!("{word}: {}", change.sentence));
    }

    /// Goes a way; the panel in which it is seen is opened.
    fn go(&mut self, way: Way, context: &Context) {
        match way {
            Way::Form(experiment, origin) => {
                if experiment.lab() == self.form.experiment.lab() {
                    self.form.replace(*experiment, &origin);
                } else {
                    let mut form = Form::new((*experiment).clone(), &origin);
                    // What differs from the preset stays marked.
                    form.origin.clear();
                    form.replace(*experiment, &origin);
                    self.put_form(form);
                }
                let narrow = self.is_narrow();
                if !self.panels.shows(Side::Setup, narrow) {
                    self.panels.toggle(Side::Setup, narrow);
                }
            }
            Way::Layout { tree, own, .. } => {
                self.set_own(own);
                if let (Some(layout), Some(shown)) = (&mut self.layout, &self.shown) {
                    layout.restore(*tree, &shown.views);
                }
                self.maximised = false;
            }
            Way::Ticks(ticks) => {
                self.runs.set_ticks(ticks);
                self.show_list();
            }
            Way::PutBack(id) => self.undo_deletion(id, context),
            Way::Delete(id, paths) => self.delete_again(id, paths, context),
            Way::Act(action) => {
                if matches!(action.as_ref(), Action::Runs(_)) {
                    self.show_list();
                }
                self.apply(*action, context);
            }
        }
    }

    fn show_list(&mut self) {
        (self.panels.bottom, self.bottom) = (true, Bottom::Runs);
    }

    /// Takes down what an action is about to change; call it before it is applied.
    pub(super) fn foresee(&mut self, action: &Action, context: &Context) {
        match action {
            Action::Turn(id, value) => {
                let Some(shown) = &self.shown else { return };
                let Some(spec) =
                    shown.views.iter().flat_map(|view| &view.controls).find(|spec| spec.id == *id)
                else {
                    return;
                };
                let Some(was) = self.controls.complete(&shown.views, shown.record()).0.remove(id) else {
                    return;
                };
                let sentence = format!("{} from {} to {}", spec.label, said(&was), said(value));
                let act = |value: ControlValue| Way::Act(Box::new(Action::Turn(id.clone(), value)));
                let change = Change { sentence, back: act(was), forth: act(value.clone()) };
                self.history.push_joined(id, context.input(|input| input.time), change);
            }
            Action::Runs(RunsAction::Remark(path, remark)) => {
                let Some(row) = self.runs.row(path).filter(|row| row.is_begun()) else { return };
                let manifest = &row.manifest;
                let (what, was) = match remark {
                    Remark::Name(_) => ("name", Remark::Name(manifest.name.clone())),
                    Remark::Star(true) => ("star", Remark::Star(manifest.star)),
                    Remark::Star(false) => ("star taken away", Remark::Star(manifest.star)),
                    Remark::Tags(_) => ("tags", Remark::Tags(manifest.tags.clone())),
                    Remark::Note(_) => ("note", Remark::Note(manifest.note.clone())),
                    Remark::Color(_) => ("colour", Remark::Color(manifest.color)),
                };
                let act = |remark: Remark| {
                    Way::Act(Box::new(Action::Runs(RunsAction::Remark(path.clone(), remark))))
                };
                let sentence = format!("{what} of {}", row.name());
                self.history.push(Change { sentence, back: act(was), forth: act(remark.clone()) });
            }
            _ => {}
        }
    }
}

/// The value of a control, in words.
fn said(value: &ControlValue) -> String {
    match value {
        ControlValue::Number(number) => crate::figure::number::significant(*number, 4),
        ControlValue::Word(word) => word.clone(),
        ControlValue::Switch(on) => if *on { "on" } else { "off" }.to_owned(),
        ControlValue::Region(_) => "a region".to_owned(),
    }
}
