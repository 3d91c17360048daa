//! Decodes the first frame of a GIF.

use std::io::ErrorKind;
use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, Decoder, DecodingError, MemoryLimit};
use image::metadata::Orientation;

use super::pixels::{Header, Picture};
use super::source::{DECODER_MEMORY, Source, damaged, truncated};

/// A GIF at the pixels of its first frame.
pub(super) struct Gif<'a> {
    decoder: Decoder<&'a [u8]>,
    frame: Frame,
    /// The size of the canvas, which is at least that of the frame.
    canvas: Header,
}

/// Where the first frame is on the canvas, and its transparent colour.
struct Frame {
    top: usize,
    left: usize,
    size: Header,
    transparent: Option<u8>,
}

impl Gif<'_> {
    /// Reads up to the pixels of the first frame.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn open(bytes: &[u8]) -> Result<Gif<'_>, String> {
        let mut options = DecodeOptions::new();
        options.set_color_output(ColorOutput::Indexed);
        if let Some(most) = NonZeroU64::new(DECODER_MEMORY as u64) {
            options.set_memory_limit(MemoryLimit::Bytes(most));
        }
        let mut decoder = options.read_info(bytes).map_err(problem)?;
        let found = decoder.next_frame_info().map_err(problem)?;
        let found = found.ok_or_else(|| damaged("it has no frame"))?;
        let frame = Frame {
            top: found.top.into(),
            left: found.left.into(),
            size: Header { height: found.height.into(), width: found.width.into() },
            transparent: found.transparent,
        };
        let canvas = Header {
            height: usize::from(decoder.height()).max(frame.top + frame.size.height),
            width: usize::from(decoder.width()).max(frame.left + frame.size.width),
        };
        Ok(Gif { decoder, frame, canvas })
    }
}

impl Source for Gif<'_> {
    fn size(&self) -> Header {
        self.canvas
    }

    fn orientation(&mut self) -> Orientation {
        Orientation::NoTransforms
    }

    fn read(mut self: Box<Self>) -> Result<Picture, String> {
        let mut indices = vec![0; self.decoder.buffer_size()];
        self.decoder.read_into_buffer(&mut indices).map_err(problem)?;
        let Frame { top, left, size, transparent } = self.frame;
        let canvas = self.canvas;
        if size != canvas {
            let frame = std::mem::take(&mut indices);
            indices = vec![transparent.unwrap_or(0); canvas.height * canvas.width];
            let rows = indices.chunks_exact_mut(canvas.width).skip(top);
            for (row, line) in rows.zip(frame.chunks_exact(size.width.max(1))) {
                row[left..left + size.width].copy_from_slice(line);
            }
        }
        let palette = self.decoder.palette().map_err(problem)?;
        let picture = Picture::of_indices(indices, palette, canvas);
        Ok(Picture { had_opacity: transparent.is_some(), ..picture })
    }
}

fn problem(refusal: DecodingError) -> String {
    match refusal {
        DecodingError::UnexpectedEof => truncated(),
        DecodingError::Io(error) if error.kind() == ErrorKind::UnexpectedEof => truncated(),
        other => damaged(other),
    }
}
