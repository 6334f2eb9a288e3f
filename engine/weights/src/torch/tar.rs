//! PyTorch checkpoints of the oldest format, a tar archive (before 0.1.10), through the crate `pytorch-reader`.
//!
//! That reader holds all storages in memory and keeps neither order nor storages; so names are in their natural order, nothing is
//! told of ties, and the length of the file is limited.

use std::sync::{Arc, Mutex, PoisonError};

use pytorch_reader::{DType, PytorchReader};

use crate::bytes::WeightFile;
use crate::element::{ByteOrder, Element, decode};
use crate::error::WeightsError;
use crate::names::natural;
use crate::source::{Readable, Source, Stamp, Tensor};
use crate::table::checked;
use crate::text::size;

/// Longer archives are not read, because their numbers are held in memory.
const LONGEST: u64 = 256 << 20;

/// The tensors of an archive of the oldest format.
pub(crate) struct TarSource {
    tensors: Vec<Tensor>,
    places: Vec<pytorch_reader::Tensor>,
    stamps: Vec<Stamp>,
    said: Vec<String>,
    /// The bytes of the tensor that was read last.
    kept: Mutex<Option<(usize, Arc<Vec<u8>>)>>,
    file: WeightFile,
}

/// Opens an archive of the oldest format.
///
/// # Errors
/// If it is too long, or the crate refuses it.
pub(crate) fn open(file: WeightFile) -> Result<TarSource, WeightsError> {
    if file.bytes() > LONGEST {
        return Err(WeightsError::unusable(
            format!(
                "this is a tar archive of {}, and PyTorch checkpoints of that format are read up to {}; save it again with torch.save",
                size(file.bytes()),
                size(LONGEST)
            ),
            file.path(),
        ));
    }
    let reader = PytorchReader::new(file.path()).map_err(|error| {
        let problem = format!(
            "this tar archive is no PyTorch checkpoint of the oldest format that can be read ({error}); unpack it, or \
             save the weights again with torch.save"
        );
        WeightsError::unusable(problem, file.path())
    })?;
    let mut places: Vec<pytorch_reader::Tensor> = reader.into_tensors().into_values().collect();
    places.sort_by(|a, b| natural(&a.name, &b.name));
    if places.is_empty() {
        return Err(WeightsError::unusable(
            "this checkpoint holds no tensors; choose that of a model",
            file.path(),
        ));
    }
    let tensors = places.iter().map(|place| Tensor {
        name: place.name.clone(),
        shape: place.shape().to_vec(),
        element: element(place.dtype()),
        readable: Readable::Yes,
        tied_to: None,
    });
    let tensors = tensors.collect();
    let said = vec![
        "Names are in their natural order; the reader of this format does not tell the file's.".to_owned(),
    ];
    Ok(TarSource { tensors, places, stamps: vec![file.stamp().clone()], said, kept: Mutex::new(None), file })
}

impl Source for TarSource {
    fn format(&self) -> &'static str {
        "PyTorch checkpoint (tar)"
    }

    fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    fn read(
        &self,
        tensor: usize,
        first: usize,
        count: usize,
        values: &mut Vec<f32>,
    ) -> Result<(), WeightsError> {
        values.clear();
        let told = checked(&self.tensors, tensor, first, count, self.file.path())?;
        let width = told.element.size_bytes();
        let bytes = self.bytes(tensor, &told.name)?;
        // The crate gives numbers in the machine's own order.
        let order = if cfg!(target_endian = "big") { ByteOrder::Big } else { ByteOrder::Little };
        let piece = bytes.get(first * width..(first + count) * width).unwrap_or_default();
        decode(told.element, order, piece, values);
        Ok(())
    }

    fn said(&self) -> &[String] {
        &self.said
    }

    fn stamps(&self) -> &[Stamp] {
        &self.stamps
    }

    fn bytes_to_read(&self, tensor: usize) -> u64 {
        self.places.get(tensor).map_or(0, |place| place.byte_len() as u64)
    }
}

impl TarSource {
    fn bytes(&self, tensor: usize, name: &str) -> Result<Arc<Vec<u8>>, WeightsError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((number, bytes)) = &*kept
            && *number == tensor
        {
            return Ok(Arc::clone(bytes));
        }
        *kept = None;
        let refused = |reason: String| WeightsError::tensor(name, reason, self.file.path());
        let place = self.places.get(tensor).ok_or_else(|| refused("it has no place".to_owned()))?;
        let bytes = Arc::new(place.read().map_err(|error| refused(error.to_string()))?);
        *kept = Some((tensor, Arc::clone(&bytes)));
        Ok(bytes)
    }
}

fn element(dtype: DType) -> Element {
    match dtype {
        DType::F64 => Element::F64,
        DType::F32 => Element::F32,
        DType::F16 => Element::F16,
        DType::BF16 => Element::Bf16,
        DType::I64 => Element::I64,
        DType::I32 => Element::I32,
        DType::I16 => Element::I16,
        DType::I8 => Element::I8,
        DType::U64 => Element::U64,
        DType::U32 => Element::U32,
        DType::U16 => Element::U16,
        DType::U8 => Element::U8,
        DType::Bool => Element::Bool,
    }
}
