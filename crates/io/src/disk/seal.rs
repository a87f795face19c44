//! [`Seal`]: what this user's runs wrote is told from what somebody else put in its place.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use crate::disk::temporary::TemporaryFile;
use crate::platform;

/// Name of the secret in its folder.
const FILE_NAME: &str = "seal.key";
const KEY_BYTES: usize = 32;

/// A secret of one user's, and the marks made with it (BLAKE3, keyed).
#[derive(Clone)]
pub struct Seal([u8; KEY_BYTES]);

impl std::fmt::Debug for Seal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Seal")
    }
}

impl Seal {
    /// The secret that is kept in `folder`, made at the first time. Only its owner can read it.
    ///
    /// # Errors
    /// The system's; `PermissionDenied` for a secret of another user's or one that others can read.
    pub fn of_user(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE_NAME);
        match read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            read => return read,
        }
        fs::create_dir_all(folder)?;
        let mut key = [0; KEY_BYTES];
        platform::fill_random(&mut key)?;
        let temporary = TemporaryFile::create(&path, FILE_NAME.as_ref())?;
        platform::hide(temporary.file())?;
        temporary.file().write_all(&key)?;
        temporary.file().sync_all()?;
        match temporary.commit(&path, false) {
            // Another run was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(&path),
            done => done.map(|()| Self(key)),
        }
    }

    /// A name that tells this secret from others and gives nothing of it away.
    pub fn name(&self) -> String {
        blake3::keyed_hash(&self.0, b"name").to_hex()[..16].to_owned()
    }

    /// The mark of a text, in lower-case hexadecimal.
    pub fn mark(&self, text: &str) -> String {
        blake3::keyed_hash(&self.0, text.as_bytes())
            .to_hex()
            .to_string()
    }

    /// Whether a mark is the one of a text.
    pub fn is_mark(&self, text: &str, mark: &str) -> bool {
        // Compared in constant time.
        blake3::Hash::from_hex(mark)
            .is_ok_and(|mark| mark == blake3::keyed_hash(&self.0, text.as_bytes()))
    }

    /// A key for one purpose.
    pub(crate) fn key_for(&self, what: &[u8]) -> blake3::Hash {
        blake3::keyed_hash(&self.0, what)
    }
}

fn read(path: &Path) -> io::Result<Seal> {
    let mut file = platform::open_secret(path)?;
    let metadata = file.metadata()?;
    let is_ours = platform::is_secret(&metadata) && metadata.len() == KEY_BYTES as u64;
    if !is_ours {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "expected a secret of 32 bytes that only its owner can read, found another file: remove it",
        ));
    }
    let mut key = [0; KEY_BYTES];
    file.read_exact(&mut key)?;
    Ok(Seal(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_stays_the_same_and_is_no_other_file() {
        let folder = tempfile::tempdir().unwrap();
        let seal = Seal::of_user(folder.path()).unwrap();
        let mark = seal.mark("text");
        let again = Seal::of_user(folder.path()).unwrap();
        assert!(again.is_mark("text", &mark));
        assert!(!again.is_mark("other", &mark) && !again.is_mark("text", "x"));
        let path = folder.path().join(FILE_NAME);
        fs::write(&path, "short").unwrap();
        let error = Seal::of_user(folder.path()).unwrap_err().to_string();
        assert!(error.contains("only its owner"), "{error}");
    }
}
