//! The fits of a stage: independent jobs on all workers, each result one step of the run.

use weightscope_frame::lab::Running;
use weightscope_frame::run::{Job, Jobs, News, RunError};

use crate::base::{CurvePoint, Progress};
use crate::config::Config;

/// A lab at work.
type Run<'r, 'c> = Running<'r, 'c, Config>;

/// Does the fits of a list, the costliest first, and takes their results in the order of the list; `name` is what one fit is, and `show`
/// shows a point of the training curve of a fit that is in work.
pub(super) fn each<F: Sync, T: Send>(
    run: &mut Run<'_, '_>,
    name: &'static str,
    list: &[F],
    cost: impl Fn(&F) -> f64,
    work: impl Fn(&F, Progress<'_>) -> Result<T, RunError> + Sync,
    mut show: impl FnMut(&mut Run<'_, '_>, &F, CurvePoint),
    mut take: impl FnMut(&mut Run<'_, '_>, &F, T) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let jobs = Jobs::new(name, list.len()).costliest_first(|number| list.get(number).map_or(0.0, &cost));
    let fit = |number: usize, job: &Job<'_, CurvePoint>| match list.get(number) {
        Some(fit) => work(fit, Progress::of(job)),
        None => Err(RunError::Defect(format!("there is no {name} {number} to fit"))),
    };
    run.jobs(&jobs, fit, |run, news| match news {
        News::Told(number, point) => {
            list.get(number).into_iter().for_each(|fit| show(run, fit, point));
            Ok(())
        }
        News::Next(number, result) => {
            let Some(fit) = list.get(number) else { return Ok(()) };
            run.begin_step(0.0)?;
            take(run, fit, result)?;
            run.end_step()
        }
        News::Early(_) => Ok(()),
    })
}

/// For fits whose training curves are not shown.
pub(super) fn unseen<F>(_: &mut Run<'_, '_>, _: &F, _: CurvePoint) {}
