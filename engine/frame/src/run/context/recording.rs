//! How a running lab records: each method takes the typed constant of its channel, and refuses what was not declared.

use super::Context;
use crate::record::declared::{Components, Kind, Of, PictureKind, kinds};
use crate::record::{Channel, Component, Data, Mark, Series, Timeline};

impl Context<'_> {
    /// True if the channel is declared; else the run ends at the end of the step.
    fn knows(&mut self, id: &str) -> bool {
        let known = self.declared.iter().any(|declaration| declaration.covers(id));
        if !known && self.undeclared.is_none() {
            self.undeclared =
                Some(format!("the channel \"{id}\" was recorded, and the lab does not declare it"));
        }
        known
    }

    /// The channel of a member of a family, declared at its first use; of any other channel, as it was declared.
    fn opened<K: Kind>(&mut self, channel: &impl Of<K>) -> Option<&mut Channel> {
        let id = channel.id();
        if self.record.get(&id).is_none() {
            if !self.knows(&id) {
                return None;
            }
            self.record.insert(channel.channel());
        }
        self.record.get_mut(&id)
    }

    /// Records a value of a scalar channel at the present step, in the record and in `metrics.csv`.
    pub fn scalar(&mut self, channel: &impl Of<kinds::OfScalars>, value: f64) {
        let step = self.progress.step;
        let Some(Channel { data: Data::Scalar(series), .. }) = self.opened(channel) else { return };
        series.push(step as f64, value);
        if let Some(metrics) = &mut self.metrics {
            let clock = &self.clock;
            metrics.row(step, self.epoch, || clock.seconds(), &channel.id(), value);
        }
    }

    /// Records a picture at the present step. A channel keeps the pictures of many steps, thinned evenly.
    pub fn show<K: PictureKind>(&mut self, channel: &impl Of<K>, picture: K::Picture) {
        let step = self.progress.step;
        if let Some(timeline) = self.opened(channel).and_then(|channel| K::timeline(&mut channel.data)) {
            timeline.push(step, picture);
        }
    }

    /// Records the only picture of a channel: it takes the place of those before.
    pub fn show_only<K: PictureKind>(&mut self, channel: &impl Of<K>, picture: K::Picture) {
        let step = self.progress.step;
        if let Some(timeline) = self.opened(channel).and_then(|channel| K::timeline(&mut channel.data)) {
            *timeline = Timeline::default();
            timeline.push(step, picture);
        }
    }

    /// Sets the words of a text channel.
    pub fn text(&mut self, channel: &impl Of<kinds::OfText>, words: impl Into<String>) {
        if let Some(channel) = self.opened(channel) {
            channel.data = Data::Text(words.into());
        }
    }

    /// Sets what a channel of choices offers: key and words of each, in order.
    pub fn choices(&mut self, channel: &impl Of<kinds::OfChoices>, choices: Vec<(String, String)>) {
        if let Some(channel) = self.opened(channel) {
            channel.data = Data::Choices(choices);
        }
    }

    /// Adds a component to a vector channel, unless one of its identity is there; its place, for [`Context::component`].
    pub fn join(&mut self, channel: &impl Of<kinds::OfVectors>, component: Component) -> Option<u32> {
        self.waiting.settle(&mut self.record);
        let Some(Channel { data: Data::Vector(vector), .. }) = self.opened(channel) else { return None };
        let place = vector.position(component.id).unwrap_or_else(|| {
            vector.components.push(component);
            vector.components.len() - 1
        });
        u32::try_from(place).ok()
    }

    /// Records the value of one component of a vector channel at the present step; the component must have joined. Cheap
    /// enough for each step: the point waits, and every reader of the record finds it there.
    pub fn component(&mut self, channel: &Components, component: u32, value: f32) {
        self.waiting.push(&mut self.record, channel.id(), component, self.progress.step, value);
    }

    /// Records all components of a vector channel at the present step, each with its name: the shares of a mixture, the coordinates
    /// of a point. They join at the first call, in this order.
    pub fn components(&mut self, channel: &impl Of<kinds::OfVectors>, values: &[(&str, f64)]) {
        self.waiting.settle(&mut self.record);
        let step = self.progress.step;
        let Some(Channel { data: Data::Vector(vector), .. }) = self.opened(channel) else { return };
        for (place, (name, value)) in values.iter().enumerate() {
            if vector.components.len() == place {
                let (label, group) = ((*name).to_owned(), String::new());
                vector.components.push(Component {
                    label,
                    group,
                    id: place as u64,
                    series: Series::default(),
                });
            }
            if let Some(component) = vector.components.get_mut(place) {
                component.series.push(step as f64, *value);
            }
        }
    }

    /// Names the categories of a channel of events, once.
    pub fn categories(&mut self, channel: &impl Of<kinds::OfMarks>, categories: &[&str]) {
        if let Some(Channel { data: Data::Marks(all), .. }) = self.opened(channel) {
            all.categories = categories.iter().map(|name| (*name).to_owned()).collect();
        }
    }

    /// Records events, in the order of their steps.
    pub fn marks(&mut self, channel: &impl Of<kinds::OfMarks>, events: &[Mark]) {
        if let Some(Channel { data: Data::Marks(all), .. }) = self.opened(channel) {
            all.marks.extend(events.iter().copied());
        }
    }

    /// Records counts between fixed edges at the present step; edges and markers are those of the first call.
    pub fn histogram(
        &mut self,
        channel: &impl Of<kinds::OfHistograms>,
        counts: Vec<u32>,
        axis: impl FnOnce() -> (Vec<f64>, Vec<f64>),
    ) {
        let step = self.progress.step;
        let Some(Channel { data: Data::Histogram(histograms), .. }) = self.opened(channel) else { return };
        if histograms.edges.is_empty() {
            (histograms.edges, histograms.markers) = axis();
        }
        histograms.counts.push(step, counts);
    }
}
