//! The sound of a disc without any head: 16 bits, low byte first, left before right, two seconds of silence in
//! front.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use acetate_dsp::stream::BLOCK_FRAMES;
use acetate_dsp::{Audio, Source};
use acetate_engine::{Observer, go_on};

use super::super::sheets::CD_FRAME;
use super::PREGAP;
use crate::error::AlbumError;

/// Bytes of a sector.
pub(super) const SECTOR_BYTES: u64 = CD_FRAME * 4;

/// What was written.
pub(super) struct Image {
    pub(super) sectors: u64,
    pub(super) md5: String,
}

/// Writes it.
pub(super) fn write_image(
    path: &Path,
    whole: &mut dyn Source,
    observer: &dyn Observer,
) -> Result<Image, AlbumError> {
    let failed = |source: io::Error| AlbumError::File {
        path: path.to_owned(),
        source,
    };
    let mut file = BufWriter::new(File::create_new(path).map_err(failed)?);
    let mut sum = md5::Context::new();
    let mut bytes = vec![0; (PREGAP * SECTOR_BYTES) as usize];
    let mut written = 0;
    loop {
        sum.consume(&bytes);
        file.write_all(&bytes).map_err(failed)?;
        written += bytes.len() as u64;
        go_on(observer)?;
        bytes = block(whole, path)?;
        if bytes.is_empty() {
            break;
        }
    }
    // Tracks are whole sectors.
    let file = file
        .into_inner()
        .map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)?;
    Ok(Image {
        sectors: written / SECTOR_BYTES,
        md5: format!("{:x}", sum.finalize()),
    })
}

/// The next samples as a disc has them; mono on both channels.
fn block(whole: &mut dyn Source, path: &Path) -> Result<Vec<u8>, AlbumError> {
    let spec = whole.spec();
    let mut block = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
    let read = whole.read(&mut block, BLOCK_FRAMES);
    read.map_err(|error| AlbumError::stream(path.display().to_string(), error))?;
    let channels = block.channels();
    let (Some(left), Some(right)) = (channels.first(), channels.last()) else {
        return Ok(Vec::new());
    };
    let word = |sample: &f32| {
        // The samples have 16 bits already: nothing is rounded or clipped here.
        let whole = (f64::from(*sample) * 32_768.0).round();
        (whole.clamp(-32_768.0, 32_767.0) as i16).to_le_bytes()
    };
    let pairs = left.iter().zip(right.iter());
    Ok(pairs
        .flat_map(|(left, right)| [word(left), word(right)])
        .flatten()
        .collect())
}

/// Whether the file holds anything but silence and then the samples of the sequence.
pub(super) fn image_differs(path: &Path, whole: &mut dyn Source) -> Result<bool, AlbumError> {
    let failed = |source: io::Error| AlbumError::File {
        path: path.to_owned(),
        source,
    };
    let rewound = whole.rewind();
    rewound.map_err(|error| AlbumError::stream(path.display().to_string(), error))?;
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let mut expected = vec![0; (PREGAP * SECTOR_BYTES) as usize];
    let mut found = Vec::new();
    while !expected.is_empty() {
        found.resize(expected.len(), 0);
        match file.read_exact(&mut found) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(true),
            read => read.map_err(failed)?,
        }
        if found != expected {
            return Ok(true);
        }
        expected = block(whole, path)?;
    }
    Ok(file.read(&mut [0]).map_err(failed)? > 0)
}
