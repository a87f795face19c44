//! Reading and writing at a place of a file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Reads and writes at a place, and leaves the position of the handle where it was. Copies of a handle share
/// that position, so only one thread may use them at a time.
pub(crate) trait Positioned {
    /// Reads some bytes from `at` on; 0 at the end.
    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<usize>;
    /// Fills all of `bytes`; `UnexpectedEof` where the file ends before.
    fn read_exact_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()>;
    /// Writes all of `bytes`.
    fn write_all_at(&self, bytes: &[u8], at: u64) -> io::Result<()>;
}

impl Positioned for File {
    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<usize> {
        there_and_back(self, at, |mut file| file.read(bytes))
    }

    fn read_exact_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        there_and_back(self, at, |mut file| file.read_exact(bytes))
    }

    fn write_all_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        there_and_back(self, at, |mut file| file.write_all(bytes))
    }
}

fn there_and_back<T>(
    mut file: &File,
    at: u64,
    act: impl FnOnce(&File) -> io::Result<T>,
) -> io::Result<T> {
    let before = file.stream_position()?;
    file.seek(SeekFrom::Start(at))?;
    let done = act(file);
    file.seek(SeekFrom::Start(before))?;
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_at_a_place_leaves_the_position_of_every_copy_alone() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        file.seek(SeekFrom::Start(3)).unwrap();
        let copy = file.try_clone().unwrap();
        let mut bytes = [0; 4];
        copy.read_exact_at(&mut bytes, 6).unwrap();
        assert_eq!(&bytes, b"6789");
        copy.write_all_at(b"ab", 8).unwrap();
        assert_eq!(copy.read_at(&mut bytes, 8).unwrap(), 2);
        assert_eq!(&bytes[..2], b"ab");
        let error = copy.read_exact_at(&mut bytes, 8).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(file.stream_position().unwrap(), 3);
    }
}
