//! Files in the run folder: losses of every step, and spectra at the end.

use std::fmt::Write as _;

use weightscope_frame::lab::Running;
use weightscope_frame::record::Data;
use weightscope_frame::run::RunError;

use crate::channels as ch;
use crate::config::Config;

/// Losses of every step.
pub(crate) const LOSSES: &str = "losses.csv";
/// Singular values of updates and weights.
pub(crate) const SPECTRA: &str = "spectra.csv";

/// Writes both files.
pub(super) fn write(run: &mut Running<'_, '_, Config>) -> Result<(), RunError> {
    let book = &run.state.book;
    let mut text = "stage,step,loss\n".to_owned();
    for (stage, losses) in [(super::BASE, &book.base_losses), (super::ADAPTATION, &book.losses)] {
        for (step, loss) in losses.iter().enumerate() {
            let _ = writeln!(text, "{stage},{},{loss}", step + 1);
        }
    }
    for (step, loss, _) in &book.judged {
        let _ = writeln!(text, "validation,{step},{loss}");
    }
    run.context.write_file(LOSSES, text.as_bytes())?;
    let mut text = "matrix,of,number,singular_value\n".to_owned();
    for channel in run.context.record().channels() {
        let (name, of) = match (ch::SPECTRA.name(&channel.id), ch::BASE_SPECTRA.name(&channel.id)) {
            (Some(name), _) => (name, "update"),
            (_, Some(name)) => (name, "weights"),
            _ => continue,
        };
        let Data::Curve(curves) = &channel.data else { continue };
        let Some((_, curve)) = curves.last() else { continue };
        for (number, value) in curve.x.iter().zip(&curve.y) {
            let _ = writeln!(text, "{name},{of},{number},{value}");
        }
    }
    run.context.write_file(SPECTRA, text.as_bytes())
}
