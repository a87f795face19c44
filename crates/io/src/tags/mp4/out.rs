//! [`Tags`] as iTunes' list of atoms in an M4A that another program encoded.

use std::io;
use std::path::Path;

use lofty::config::WriteOptions;
use lofty::mp4::{Atom, AtomData, AtomIdent, DataType, Ilst};
use lofty::tag::TagExt;

use crate::tags::{Field, TagWarning, Tags, names};

/// Whose names freeform atoms have.
const MEAN: &str = "com.apple.iTunes";
/// Atoms that hold a number.
const NUMBER_ATOMS: [&str; 2] = ["tmpo", "\u{a9}mvi"];
const NO_PLACE: &str = "an M4A has no place for it";
const JPEG: &[u8] = b"\xFF\xD8\xFF";

impl Tags {
    /// Writes them into an M4A without tags. Its chapters are the encoder's business:
    /// [`Tags::chapters_for_ffmpeg`].
    ///
    /// # Errors
    /// The file cannot be read, is no M4A, or cannot be written.
    pub fn add_to_m4a(&self, path: &Path) -> io::Result<Vec<TagWarning>> {
        let mut list = Ilst::new();
        for field in &self.fields {
            if let Some(atom) = self.atom(field) {
                list.insert(atom);
            }
        }
        for picture in &self.pictures {
            let is_jpeg = picture.data.starts_with(JPEG);
            let code = if is_jpeg {
                DataType::Jpeg
            } else {
                DataType::Png
            };
            let data = picture.data.to_vec();
            let picture = AtomData::Unknown { code, data };
            list.insert(Atom::new(AtomIdent::Fourcc(*b"covr"), picture));
        }
        list.save_to_path(path, WriteOptions::new())
            .map_err(io::Error::other)?;
        let frames = self.frames.iter().filter(|frame| !frame.is_told);
        Ok(self.without_place(frames.map(|frame| frame.name()).collect(), NO_PLACE))
    }

    /// A field as an atom; none where another field's atom has it.
    fn atom(&self, field: &Field) -> Option<Atom<'static>> {
        for (number, total, name) in [
            ("TRACKNUMBER", "TRACKTOTAL", *b"trkn"),
            ("DISCNUMBER", "DISCTOTAL", *b"disk"),
        ] {
            if field.name == number {
                return Some(self.pair(&field.value, total, name));
            }
            if field.name == total && self.text(number).is_some() {
                return None;
            }
        }
        let known = names::row(&field.name).map_or("", |row| row.mp4);
        let value = field.value.clone();
        let data = match value.trim().parse::<u16>() {
            Ok(number) if NUMBER_ATOMS.contains(&known) => AtomData::Unknown {
                code: DataType::BeSignedInteger,
                data: number.to_be_bytes().to_vec(),
            },
            _ if known == "cpil" => AtomData::Bool(value.trim() != "0"),
            _ => AtomData::UTF8(value),
        };
        let is_text = matches!(data, AtomData::UTF8(_));
        let ident = match fourcc(known) {
            // A number's atom holds no other text.
            Some(name) if !(is_text && NUMBER_ATOMS.contains(&known)) => AtomIdent::Fourcc(name),
            _ => {
                let own = field.description.as_ref().or(field.own_name.as_ref());
                let name = match known {
                    "" => own.unwrap_or(&field.name).clone(),
                    known if fourcc(known).is_none() => known.to_owned(),
                    _ => field.name.clone(),
                };
                AtomIdent::Freeform {
                    mean: MEAN.into(),
                    name: name.into(),
                }
            }
        };
        Some(Atom::new(ident, data))
    }

    /// A number and the number of all.
    fn pair(&self, number: &str, total: &str, name: [u8; 4]) -> Atom<'static> {
        let short = |text: &str| text.trim().parse::<u16>().unwrap_or(0).to_be_bytes();
        let total = self.text(total).unwrap_or("");
        let mut data = vec![0, 0];
        data.extend(short(number));
        data.extend(short(total));
        if &name == b"trkn" {
            data.extend([0, 0]);
        }
        let code = DataType::Reserved;
        Atom::new(AtomIdent::Fourcc(name), AtomData::Unknown { code, data })
    }
}

/// A name of four letters, each a byte. One of capitals alone is the name of a freeform atom.
fn fourcc(name: &str) -> Option<[u8; 4]> {
    if name.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let bytes: Option<Vec<u8>> = name
        .chars()
        .map(|character| u8::try_from(u32::from(character)).ok())
        .collect();
    bytes?.try_into().ok()
}
