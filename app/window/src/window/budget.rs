//! How often the window may repaint while a run goes on.
//!
//! With a graphics adapter up to 30 times a second. A software adapter paints on the same cores that train: there painting is
//! measured, and the interval grown until it takes at most a quarter of one core.

use std::time::{Duration, Instant};

use super::link::RepaintInterval;

const HARDWARE: Duration = Duration::from_millis(33);
const SOFTWARE_FIRST: Duration = Duration::from_millis(100);
const SOFTWARE_LONGEST: Duration = Duration::from_secs(2);
/// Largest share of one core for painting.
const SHARE: f64 = 0.25;
/// Time between two measurements.
const MEASURE_EVERY: Duration = Duration::from_secs(1);

/// How often the window may repaint while a run goes on, so that painting leaves the cores to the training.
pub(super) struct Budget {
    software: Option<String>,
    interval: RepaintInterval,
    last: Option<(Instant, f64)>,
    share: f64,
}

impl Budget {
    /// For the adapter that paints.
    pub(super) fn new(adapter: Option<&wgpu::AdapterInfo>, interval: RepaintInterval) -> Self {
        let software =
            adapter.filter(|info| info.device_type == wgpu::DeviceType::Cpu).map(|info| info.name.clone());
        interval.set(if software.is_some() { SOFTWARE_FIRST } else { HARDWARE });
        Self { software, interval, last: None, share: 0.0 }
    }

    /// Measures and adapts; call it once a frame.
    pub(super) fn frame(&mut self) {
        if self.software.is_none() {
            return;
        }
        let now = Instant::now();
        let Some((then, before)) = self.last else {
            self.last = painting_seconds().map(|seconds| (now, seconds));
            return;
        };
        let elapsed = now.duration_since(then);
        if elapsed < MEASURE_EVERY {
            return;
        }
        let Some(seconds) = painting_seconds() else { return };
        self.share = (seconds - before) / elapsed.as_secs_f64();
        self.last = Some((now, seconds));
        let factor = (self.share / SHARE).clamp(0.5, 2.0);
        self.interval.set(self.interval.get().mul_f64(factor).clamp(SOFTWARE_FIRST, SOFTWARE_LONGEST));
    }

    /// What the status bar says; nothing on a real adapter.
    pub(super) fn text(&self) -> Option<String> {
        let name = self.software.as_ref()?;
        let rate = 1.0 / self.interval.get().as_secs_f64();
        Some(format!("software painting ({name}): at most {rate:.1} frames/s while a run goes on"))
    }
}

/// CPU seconds of all threads that paint: everything but the threads of runs.
#[cfg(target_os = "linux")]
fn painting_seconds() -> Option<f64> {
    /// Clock ticks a second of `/proc`; fixed at 100 for programs on Linux.
    const TICKS: f64 = 100.0;
    let mut ticks = 0.0;
    for task in std::fs::read_dir("/proc/self/task").ok()?.flatten() {
        let Ok(stat) = std::fs::read_to_string(task.path().join("stat")) else { continue };
        let (Some(open), Some(close)) = (stat.find('('), stat.rfind(')')) else { continue };
        if stat.get(open + 1..close).is_some_and(|name| name.starts_with("run")) {
            continue;
        }
        // After the name: state is field 3; user and system time are fields 14 and 15.
        let fields: Vec<&str> = stat.get(close + 1..).unwrap_or_default().split_whitespace().collect();
        ticks += fields.iter().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>();
    }
    Some(ticks / TICKS)
}

#[cfg(not(target_os = "linux"))]
fn painting_seconds() -> Option<f64> {
    None
}
