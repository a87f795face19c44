//! The hash of a file's bytes, for the certificate.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::DecodeError;
use crate::identity::special_file;

/// BLAKE3 hash of a text, in lower-case hexadecimal.
pub fn text_hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// BLAKE3 hash of a file's bytes, in lower-case hexadecimal. Reads in blocks of 64 KiB.
///
/// # Errors
/// [`DecodeError`] when it is no regular file or cannot be read.
pub fn content_hash(path: impl AsRef<Path>) -> Result<String, DecodeError> {
    let path = path.as_ref();
    let failed = |source: io::Error| DecodeError::Open {
        path: path.to_owned(),
        source,
    };
    if let Some(found) = special_file(&fs::metadata(path).map_err(failed)?) {
        return Err(DecodeError::NotAFile {
            path: path.to_owned(),
            found,
        });
    }
    let mut file = File::open(path).map_err(failed)?;
    let mut hasher = blake3::Hasher::new();
    let mut bytes = vec![0; 64 * 1024];
    loop {
        match file.read(&mut bytes) {
            Ok(0) => return Ok(hasher.finalize().to_hex().to_string()),
            Ok(read) => hasher.update(&bytes[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(error)),
        };
    }
}
