//! How fast steps are made.
//!
//! Contract: while a step lasts, the speed stays what it was; how long it took counts when it is done. Else the time that is left would
//! grow without bound in a long one.

use std::time::Instant;

/// Steps a second as a decayed mean over about three seconds.
#[derive(Default)]
pub(super) struct Rate {
    last: Option<(Instant, u64)>,
    pub(super) per_second: f64,
}

impl Rate {
    /// Takes into account that so many steps are done now.
    pub(super) fn update(&mut self, now: Instant, step: u64) {
        const MEMORY_SECONDS: f64 = 3.0;
        let Some((then, before)) = self.last.filter(|(_, before)| *before <= step) else {
            self.last = Some((now, step));
            return;
        };
        let elapsed = now.duration_since(then).as_secs_f64();
        if elapsed < 0.05 || step == before {
            return;
        }
        let present = (step - before) as f64 / elapsed;
        let keep = if self.per_second == 0.0 { 0.0 } else { (-elapsed / MEMORY_SECONDS).exp() };
        self.per_second = keep * self.per_second + (1.0 - keep) * present;
        self.last = Some((now, step));
    }

    /// After a pause the next interval starts afresh.
    pub(super) fn forget_interval(&mut self) {
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_long_step_counts_when_it_is_done() {
        let start = Instant::now();
        let mut rate = Rate::default();
        let mut at = |seconds: f64, step: u64| {
            rate.update(start + Duration::from_secs_f64(seconds), step);
            rate.per_second
        };
        at(0.0, 0);
        let fast = at(1.0, 10);
        assert!((fast - 10.0).abs() < 1e-9);
        assert_eq!((at(20.0, 10), at(60.0, 10)), (fast, fast), "nothing is known of a step that lasts");
        let slow = at(61.0, 11);
        assert!((slow - 1.0 / 60.0).abs() < 1e-6, "{slow}");
        assert!((at(62.0, 21) - slow) > 1.0, "and it goes on");
        assert!((at(63.0, 5) - at(64.0, 5)).abs() < 1e-9, "a count that went back begins anew");
    }
}
