//! [`Tags`] as an ID3v2.4 tag.

use std::sync::Arc;

use super::super::{Field, Tags, names};
use super::{Frame, head_of, syncsafe, text_frame};

/// A language that is not known (ID3v2.4 native frames, 4).
const NO_LANGUAGE: &[u8; 3] = b"XXX";
/// Zero bytes behind the last frame. Some readers take a frame that ends with its tag for a broken one.
const PADDING_BYTES: usize = 16;
/// A tag of version 2.4: frames first, then pictures, whose data are not copied.
pub(in super::super) fn written(tags: &Tags, chapters: Vec<Frame>) -> Vec<Arc<Vec<u8>>> {
    let mut pieces = Vec::new();
    let mut open = Vec::new();
    for frame in text_frames(tags).into_iter().chain(chapters) {
        open.extend(frame.bytes());
    }
    let mut put = |head: Vec<u8>, body: &Arc<Vec<u8>>| {
        open.extend(head);
        pieces.push(Arc::new(std::mem::take(&mut open)));
        pieces.push(body.clone());
    };
    for frame in &tags.frames {
        put(frame.head().to_vec(), &frame.body);
    }
    for picture in &tags.pictures {
        let mut head = [b"\x03", picture.mime.replace('\0', "").as_bytes(), b"\0"].concat();
        head.push(picture.kind);
        head.extend(picture.description.replace('\0', " ").bytes());
        head.push(0);
        let bytes = head.len() + picture.data.len();
        put(
            [&head_of(*b"APIC", bytes)[..], &head].concat(),
            &picture.data,
        );
    }
    pieces.push(Arc::new(open));
    if pieces.iter().all(|piece| piece.is_empty()) {
        return Vec::new();
    }
    pieces.push(Arc::new(vec![0; PADDING_BYTES]));
    let bytes: usize = pieces.iter().map(|piece| piece.len()).sum();
    let mut head = b"ID3\x04\0\0".to_vec();
    head.extend(syncsafe(bytes));
    pieces.insert(0, Arc::new(head));
    pieces
}

/// Fields as frames: texts of one name together.
fn text_frames(tags: &Tags) -> Vec<Frame> {
    let mut frames: Vec<([u8; 4], String, Vec<&str>)> = Vec::new();
    // A number's frame has the number of all as well.
    let is_beside = |field: &Field| {
        let with = |number, total| field.name == total && tags.text(number).is_some();
        with("TRACKNUMBER", "TRACKTOTAL") || with("DISCNUMBER", "DISCTOTAL")
    };
    let fields = (tags.fields.iter()).filter(|field| !field.in_frame && !is_beside(field));
    for field in fields {
        let row = names::row(&field.name);
        let own = field
            .description
            .as_ref()
            .or(field.own_name.as_ref())
            .unwrap_or(&field.name)
            .clone();
        let (id, description) = match (field.frame, row.map(|row| row.id3)) {
            (Some(id), _) if &id != b"TXXX" => (id, String::new()),
            (Some(_), _) => (*b"TXXX", own),
            (None, Some(id)) if !id.is_empty() => match id.as_bytes().first_chunk() {
                Some(frame) if id.len() == 4 && id != "WORK" => (*frame, String::new()),
                _ => (*b"TXXX", id.to_owned()),
            },
            _ => (*b"TXXX", own),
        };
        // A number of all stands behind the number.
        let known = frames
            .iter_mut()
            .find(|(other, about, _)| *other == id && *about == description);
        match known {
            Some((.., values)) => values.push(&field.value),
            None => frames.push((id, description, vec![&field.value])),
        }
    }
    let mut out = Vec::new();
    for (id, description, values) in frames {
        match &id {
            b"COMM" | b"USLT" => {
                for (index, value) in values.iter().enumerate() {
                    let mut body = b"\x03".to_vec();
                    body.extend(NO_LANGUAGE);
                    if index > 0 {
                        body.extend(format!("{}", index + 1).bytes());
                    }
                    body.push(0);
                    body.extend(value.bytes());
                    out.push(Frame::new(id, body));
                }
            }
            b"TXXX" => out.push(text_frame(
                id,
                &format!("{}\0{}", description.replace('\0', " "), values.join("\0")),
            )),
            b"TRCK" | b"TPOS" => {
                let name = if &id == b"TRCK" {
                    "TRACKTOTAL"
                } else {
                    "DISCTOTAL"
                };
                let text = values.join("\0");
                out.push(match tags.text(name) {
                    Some(total) if !text.contains('/') => {
                        text_frame(id, &format!("{text}/{}", total.trim()))
                    }
                    _ => text_frame(id, &text),
                });
            }
            _ => out.push(text_frame(id, &values.join("\0"))),
        }
    }
    out
}
