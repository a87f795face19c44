//! The hash of a file's bytes, for certificates, records and the cache.

use std::io::{self, Read};
use std::path::Path;

use acetate_dsp::threads::threads_to_use;

use crate::DecodeError;
use crate::disk::regular::open_regular;

/// BLAKE3 hash of a text, in lower-case hexadecimal.
pub fn text_hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// Bytes that are hashed at once: enough for every thread.
const BLOCK_BYTES: usize = 1 << 20;

/// BLAKE3 hash of a file's bytes, in lower-case hexadecimal, on as many threads as the caller may
/// use.
///
/// # Errors
/// [`DecodeError`] when it is no regular file or cannot be read.
pub fn content_hash(path: impl AsRef<Path>) -> Result<String, DecodeError> {
    let path = path.as_ref();
    let failed = |source: io::Error| DecodeError::Open {
        path: path.to_owned(),
        source,
    };
    let mut file = open_regular(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut bytes = vec![0; BLOCK_BYTES];
    let side_by_side = threads_to_use() > 1;
    loop {
        match file.read(&mut bytes) {
            Ok(0) => return Ok(hasher.finalize().to_hex().to_string()),
            Ok(read) if side_by_side => hasher.update_rayon(&bytes[..read]),
            Ok(read) => hasher.update(&bytes[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(error)),
        };
    }
}
