//! Where tensors live: burn's `flex` on the CPU, or burn-wgpu on a GPU, chosen per run in the same binary.
//!
//! Contract: a device is always named by the experiment. `Device::default()` is never called: with both backends compiled
//! in it would open a GPU.

use burn::tensor::Device;

crate::choices! {
    /// The device of a run.
    #[derive(Default)]
    pub enum DeviceChoice {
        /// burn `flex`: no driver needed, bit-for-bit repeatable.
        #[default]
        Cpu = "cpu", "CPU (burn flex)";
        /// burn-wgpu: needs a graphics adapter.
        Gpu = "gpu", "GPU (burn-wgpu)";
    }
}

/// A device could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// No adapter, or it refused.
    #[error("no GPU could be opened ({0}); install a Vulkan driver, or choose the CPU with --device cpu")]
    NoAdapter(String),
    /// The program was built without GPU support.
    #[error("this program was built without the feature \"gpu\"; choose the CPU with --device cpu")]
    NotBuilt,
}

/// An opened device with its name.
#[derive(Clone, Debug)]
pub struct OpenDevice {
    /// For tensors without gradients; `.autodiff()` gives the one for training.
    pub device: Device,
    /// In words, as results carry it.
    pub name: String,
}

/// Opens the chosen device. A missing GPU is an error, never a silent change to the CPU.
pub fn open(choice: DeviceChoice) -> Result<OpenDevice, DeviceError> {
    match choice {
        DeviceChoice::Cpu => Ok(OpenDevice { device: Device::flex(), name: "cpu (burn flex)".to_owned() }),
        DeviceChoice::Gpu => open_gpu(),
    }
}

#[cfg(feature = "gpu")]
fn open_gpu() -> Result<OpenDevice, DeviceError> {
    use std::sync::{Mutex, PoisonError};

    use burn_wgpu::WgpuSetup;

    // burn refuses to set the same adapter up twice, so the first success is kept. A failure is tried again.
    static OPEN: Mutex<Option<OpenDevice>> = Mutex::new(None);
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(device) = open.as_ref() {
        return Ok(device.clone());
    }
    let (device, setup): (Device, WgpuSetup) = Device::wgpu_options()
        .init_with_setup()
        .map_err(|error| DeviceError::NoAdapter(error.to_string()))?;
    let info = setup.adapter.get_info();
    let opened = OpenDevice { device, name: format!("gpu ({}, {:?}, burn-wgpu)", info.name, info.backend) };
    *open = Some(opened.clone());
    Ok(opened)
}

#[cfg(not(feature = "gpu"))]
fn open_gpu() -> Result<OpenDevice, DeviceError> {
    Err(DeviceError::NotBuilt)
}
