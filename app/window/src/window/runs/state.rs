//! How a run stands, in one word that is the same in table, inspector, queue and tiles.

use weightscope_frame::store::Status;

/// What is on its way with a run besides what its manifest says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::window) enum Going {
    /// It goes; its done share.
    Running(f32),
    /// It is held.
    Paused(f32),
    /// It waits in the queue.
    Queued,
    /// It is repeated to compare it; the done share of that.
    Verifying(f32),
    /// To be repeated, it waits in the queue.
    VerifyQueued,
}

impl Going {
    /// What is to be said of a repetition.
    pub(in crate::window) fn verifying(self) -> Option<String> {
        match self {
            Self::Verifying(share) => Some(format!("verifying {:.0} %", share * 100.0)),
            Self::VerifyQueued => Some("verify queued".to_owned()),
            Self::Running(_) | Self::Paused(_) | Self::Queued => None,
        }
    }
}

/// The word for a run that stands as the first word says, with its done share while it is in work.
pub(in crate::window) fn words(word: &str, going: Option<Going>) -> String {
    match going {
        Some(Going::Running(share)) => format!("running {:.0} %", share * 100.0),
        Some(Going::Paused(share)) => format!("paused {:.0} %", share * 100.0),
        Some(Going::Queued) => "queued".to_owned(),
        Some(Going::Verifying(_) | Going::VerifyQueued) | None => word.to_owned(),
    }
}

/// Why a run cannot be repeated, if it cannot.
pub(in crate::window) fn unverifiable(status: Status, going: Option<Going>) -> Option<&'static str> {
    match (status, going) {
        (_, Some(Going::Verifying(_) | Going::VerifyQueued)) => Some("It is being verified"),
        (Status::Running, _) | (_, Some(_)) => Some("It has not ended yet"),
        (Status::Failed, _) => Some("A failed run cannot be verified: there is no result to compare"),
        (Status::Interrupted, _) => Some("It was interrupted: resume it first"),
        (Status::Done | Status::Cancelled, None) => None,
    }
}

/// Why a run cannot be forked, if it cannot.
pub(in crate::window) fn unforkable(status: Status, step: u64) -> Option<&'static str> {
    (status == Status::Failed && step == 0)
        .then_some("It failed before its first step: there is nothing to go on from")
}
