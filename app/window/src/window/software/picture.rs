//! The picture that a driver shows as it is.

use std::sync::{Arc, Mutex, PoisonError};

use eframe::egui_wgpu::{CallbackResources, CallbackTrait, ScreenDescriptor};
use egui::PaintCallbackInfo;
use weightscope_raster::{Area, Painter};

/// One triangle over the whole window; each pixel is that of the picture. Nothing is sampled: a driver without an adapter takes many
/// times as long for a texel between four.
const SHADER: &str = "
@group(0) @binding(0) var picture: texture_2d<f32>;

@vertex
fn corner(@builtin(vertex_index) index: u32) -> @builtin(position) vec4<f32> {
    let x = f32(index & 1u) * 4.0 - 1.0;
    let y = f32(index >> 1u) * 4.0 - 1.0;
    return vec4<f32>(x, y, 0.0, 1.0);
}

@fragment
fn pixel(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    return textureLoad(picture, vec2<i32>(position.xy), 0);
}
";

/// What the driver keeps from frame to frame.
pub(super) struct Picture {
    pipeline: wgpu::RenderPipeline,
    layout: wgpu::BindGroupLayout,
    format: wgpu::TextureFormat,
    texture: Option<(wgpu::Texture, wgpu::BindGroup)>,
}

/// The picture as it is to be shown.
pub(super) struct Shown(pub(super) Arc<Mutex<Painter>>);

impl Picture {
    /// For a window of this format.
    pub(super) fn new(device: &wgpu::Device, target: wgpu::TextureFormat) -> Self {
        let source = wgpu::ShaderSource::Wgsl(SHADER.into());
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor { label: LABEL, source });
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: LABEL,
            entries: &[wgpu::BindGroupLayoutEntry {
                binding: 0,
                visibility: wgpu::ShaderStages::FRAGMENT,
                ty: wgpu::BindingType::Texture {
                    sample_type: wgpu::TextureSampleType::Float { filterable: false },
                    view_dimension: wgpu::TextureViewDimension::D2,
                    multisampled: false,
                },
                count: None,
            }],
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: LABEL,
            bind_group_layouts: &[Some(&layout)],
            ..Default::default()
        });
        let pipeline = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: LABEL,
            layout: Some(&pipeline_layout),
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: Some("corner"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                buffers: &[],
            },
            primitive: wgpu::PrimitiveState::default(),
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            fragment: Some(wgpu::FragmentState {
                module: &module,
                entry_point: Some("pixel"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                targets: &[Some(wgpu::ColorTargetState {
                    format: target,
                    blend: None,
                    write_mask: wgpu::ColorWrites::ALL,
                })],
            }),
            multiview_mask: None,
            cache: None,
        });
        // A target that takes linear light is given what such a texture is read as.
        let format = if target.is_srgb() {
            wgpu::TextureFormat::Rgba8UnormSrgb
        } else {
            wgpu::TextureFormat::Rgba8Unorm
        };
        Self { pipeline, layout, format, texture: None }
    }

    /// Takes the parts that changed.
    fn update(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, painter: &mut Painter) {
        let [width, height] = painter.size().map(|side| side as u32);
        let is_as_large = |texture: &wgpu::Texture| texture.width() == width && texture.height() == height;
        if width == 0 || height == 0 {
            return;
        }
        let mut changes = painter.take_changes();
        if !self.texture.as_ref().is_some_and(|(texture, _)| is_as_large(texture)) {
            self.texture = Some(self.texture(device, width, height));
            changes = vec![Area { left: 0, top: 0, right: width as i32, bottom: height as i32 }];
        }
        let Some((texture, _)) = &self.texture else { return };
        for area in changes {
            let size = wgpu::Extent3d {
                width: (area.right - area.left) as u32,
                height: (area.bottom - area.top) as u32,
                depth_or_array_layers: 1,
            };
            let origin = wgpu::Origin3d { x: area.left as u32, y: area.top as u32, z: 0 };
            let place = wgpu::TexelCopyTextureInfo {
                texture,
                mip_level: 0,
                origin,
                aspect: wgpu::TextureAspect::All,
            };
            let rows = wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(4 * width),
                rows_per_image: None,
            };
            queue.write_texture(place, painter.bytes_from(area.left, area.top), rows, size);
        }
    }

    fn texture(&self, device: &wgpu::Device, width: u32, height: u32) -> (wgpu::Texture, wgpu::BindGroup) {
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: LABEL,
            size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: self.format,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: LABEL,
            layout: &self.layout,
            entries: &[wgpu::BindGroupEntry {
                binding: 0,
                resource: wgpu::BindingResource::TextureView(&view),
            }],
        });
        (texture, group)
    }
}

const LABEL: Option<&str> = Some("window painted on the processor");

impl CallbackTrait for Shown {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        _screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        if let Some(picture) = resources.get_mut::<Picture>() {
            let mut painter = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            picture.update(device, queue, &mut painter);
        }
        Vec::new()
    }

    fn paint(
        &self,
        _info: PaintCallbackInfo,
        pass: &mut wgpu::RenderPass<'static>,
        resources: &CallbackResources,
    ) {
        let picture = resources.get::<Picture>();
        if let Some((picture, (_, group))) = picture.and_then(|own| Some((own, own.texture.as_ref()?))) {
            pass.set_pipeline(&picture.pipeline);
            pass.set_bind_group(0, group, &[]);
            pass.draw(0..3, 0..1);
        }
    }
}
