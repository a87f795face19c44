//! SHA-256 (FIPS 180-4), since every system can check it with `sha256sum`.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

/// What is read at once, bytes.
const BUFFER_BYTES: usize = 1 << 16;

/// Hash of a file's bytes, lower-case hex.
///
/// # Errors
/// The system's, when the file cannot be read.
pub fn sha256_of_file(path: &Path) -> io::Result<String> {
    sha256_of(&mut File::open(path)?)
}

/// Hash of everything that a reader gives, lower-case hex.
///
/// # Errors
/// The reader's.
pub fn sha256_of(file: &mut impl Read) -> io::Result<String> {
    Ok(sha256_bytes(file)?
        .iter()
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        }))
}

/// Hash of everything that a reader gives.
///
/// # Errors
/// The reader's.
pub fn sha256_bytes(file: &mut impl Read) -> io::Result<[u8; 32]> {
    let mut sum = Sha256::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(sum.finalize().into()),
            read => sum.update(&buffer[..read]),
        }
    }
}

/// A line of a list of sums. As coreutils have it, a name with a line break or a backslash has those escaped and
/// a backslash before the hash.
pub fn sum_line(hash: &str, name: &str) -> String {
    if !name.contains(['\\', '\n', '\r']) {
        return format!("{hash}  {name}\n");
    }
    let name = name
        .replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('\r', "\\r");
    format!("\\{hash}  {name}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4's examples, and lengths around a block's end.
    #[test]
    fn the_vectors_of_the_standard() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bytes");
        let hash = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            sha256_of_file(&path).unwrap()
        };
        assert_eq!(
            hash(b""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            hash(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            hash(b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        );
        assert_eq!(
            hash(&vec![b'a'; 1_000_000]),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        );
    }
}
