//! What is to be said of a recording, in sentences.

use std::collections::HashSet;
use std::sync::PoisonError;

use super::document::Part;
use super::reader::Recording;
use super::sessions::{Doubt, Session};
use crate::text::{count, shown, shown_path};

/// Names that a sentence lists at most.
const MOST_NAMES: usize = 4;
/// Sentences of one kind at most.
const MOST_OF_A_KIND: usize = 8;

impl Recording {
    /// Sentences on what was left out, is missing, or is odd: frames that a later session superseded, starts of the training, tensors
    /// that appeared or vanished, a last frame that is not whole, files that are cut off, swapped or damaged, a clock that went back,
    /// and why the last look was refused. Damaged frames are known of those that were read so far.
    pub fn said(&self) -> Vec<String> {
        let mut said: Vec<String> = self.trouble.iter().cloned().collect();
        self.say_files(&mut said);
        self.say_sessions(&mut said);
        self.say_found(&mut said);
        said
    }

    fn say_files(&self, said: &mut Vec<String>) {
        let files = self.state.document.parts.iter().zip(&self.state.traces);
        for (number, (part, traces)) in files.enumerate() {
            let file = shown(&part.file);
            let torn = traces.torn();
            if torn > 0 {
                said.push(format!(
                    "The last frame of {file} is not whole ({torn} of {} bytes): it is still being written, or was cut off.",
                    traces.frame_bytes
                ));
            }
            let begun = self.state.document.sessions.iter().filter(|session| session.part == number);
            let owed = begun.clone().map(|session| session.frame).max().unwrap_or(0);
            if owed > traces.frames {
                let held = count(traces.frames as usize, "frame");
                said.push(format!(
                    "{file} is cut off: it held {owed} frames when its last session began, and holds {held}."
                ));
            }
            let first = begun.map(|session| session.frame).min().unwrap_or(0).min(traces.frames);
            if first > 0 {
                let frames = count(first as usize, "frame");
                said.push(format!(
                    "{frames} at the beginning of {file} belong to no session; they are left out."
                ));
            }
        }
        if self.state.unnamed > 0 {
            let frames = count(self.state.unnamed as usize, "frame");
            said.push(format!(
                "{frames} of a session that recording.json does not name are left out; on a network drive it may appear later."
            ));
        }
        let parts = &self.state.document.parts;
        for (before, after) in parts.iter().zip(parts.iter().skip(1)).take(MOST_OF_A_KIND) {
            said.push(differences(before, after));
        }
        let stretches = self.state.stretches.iter().zip(self.sessions());
        for (stretch, session) in
            stretches.filter(|(stretch, _)| stretch.doubt.is_some()).take(MOST_OF_A_KIND)
        {
            let file = self.state.document.parts.get(session.part).map_or("", |part| &part.file);
            let path = shown_path(&self.path().join(file));
            said.push(match stretch.doubt {
                Some(Doubt::OfAnother(id)) => format!(
                    "The frames of {} are those of the recording {id:08x}, not of {:08x}, which recording.json describes: the file was swapped. Nothing of it is shown: {path}",
                    shown(file),
                    self.id()
                ),
                Some(Doubt::OfAnotherSession) => format!(
                    "The frames of {} are not those of the session that recording.json names for them: files of the recording were swapped, or two trainings wrote. They are left empty: {path}",
                    shown(file)
                ),
                Some(Doubt::GoesBack(first, last)) => format!(
                    "Steps go back within a session, from {first} to {last}: give the recorder a step that grows, or none: {path}"
                ),
                _ => format!(
                    "No frame of {} that was looked at is sound: the file was damaged, or swapped with that of another recording: {path}",
                    shown(file)
                ),
            });
        }
    }

    fn say_sessions(&self, said: &mut Vec<String>) {
        let sessions = self.sessions();
        let written: Vec<(usize, &Session)> =
            sessions.iter().enumerate().filter(|(_, session)| session.first_step.is_some()).collect();
        let seams = written.iter().skip(1);
        for (number, session) in seams.clone().take(MOST_OF_A_KIND) {
            let step = session.first_step.unwrap_or(0);
            let host =
                if session.host.is_empty() { String::new() } else { format!(" on {}", shown(&session.host)) };
            said.push(format!("The training was started again{host} at step {step} (session {number})."));
        }
        if seams.len() > MOST_OF_A_KIND {
            said.push(format!("It was started {} times more.", seams.len() - MOST_OF_A_KIND));
        }
        let superseded: usize = sessions.iter().map(|session| session.superseded).sum();
        if superseded > 0 {
            let frames = count(superseded, "frame");
            said.push(format!(
                "{frames} left out: the training went on from an earlier step, and what it had recorded from there on was superseded."
            ));
        }
        let backs = sessions.iter().zip(sessions.iter().skip(1)).enumerate();
        let mut backs = backs.filter(|(_, (before, after))| after.started < before.started);
        if let Some((number, (before, after))) = backs.next() {
            let (seconds, after) = (before.started - after.started, number + 1);
            said.push(format!(
                "The clock went back: session {after} says that it began {seconds:.0} s before session {number}."
            ));
        }
    }

    fn say_found(&self, said: &mut Vec<String>) {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((part, index)) = found.bad.first() {
            let file = self.state.document.parts.get(*part).map_or("", |part| &part.file);
            let path = shown_path(&self.path().join(file));
            let frames = count(found.bad.len(), "frame");
            said.push(format!(
                "Among the frames read so far, {frames} damaged or of another session, and left empty; the first is frame {index} of the file: {path}"
            ));
        }
        if let Some((before, after)) = found.back {
            said.push(format!(
                "Within a session, step {after} stands behind step {before}: give the recorder a step that grows, or none."
            ));
        }
    }
}

/// Which tensors appeared, vanished or are sampled anew from one part to the next.
fn differences(before: &Part, after: &Part) -> String {
    let names =
        |part: &'_ Part| part.tensors.iter().map(|tensor| tensor.name.clone()).collect::<HashSet<_>>();
    let (old, new) = (names(before), names(after));
    let only = |part: &Part, other: &HashSet<String>| {
        part.tensors.iter().map(|tensor| tensor.name.clone()).filter(|name| !other.contains(name)).collect()
    };
    let (appeared, vanished): (Vec<String>, Vec<String>) = (only(after, &old), only(before, &new));
    let same_named = before.tensors.iter().filter_map(|tensor| {
        let other = after.tensors.iter().find(|other| other.name == tensor.name)?;
        Some((tensor, other))
    });
    let shapes = same_named.clone().filter(|(a, b)| a.shape != b.shape).map(|(a, _)| a.name.clone());
    let shapes: Vec<String> = shapes.collect();
    let moved = same_named.filter(|(a, b)| a.shape == b.shape && (a.places != b.places || a.rows != b.rows));
    let moved: Vec<String> = moved.map(|(a, _)| a.name.clone()).collect();
    let mut clauses = Vec::new();
    for (names, words) in [
        (appeared, "appeared"),
        (vanished, "vanished"),
        (shapes, "changed shape"),
        (moved, "sampled at other places"),
    ] {
        if !names.is_empty() {
            clauses.push(format!("{words}: {}", listed(&names)));
        }
    }
    let what = if clauses.is_empty() { "no name changed".to_owned() } else { clauses.join("; ") };
    format!("From {} to {} other tensors are recorded ({what}).", shown(&before.file), shown(&after.file))
}

/// The first names, and how many more.
fn listed(names: &[String]) -> String {
    let first = names.iter().take(MOST_NAMES).map(|name| shown(name)).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST_NAMES) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
