//! `LIST INFO` of a WAV (Multimedia Programming Interface and Data Specifications 1.0, 2-14).

use crate::read::containers::rf64::push_chunk;
use crate::tags::{Collected, Field, Tags, names, text, u32_le};

/// Reads the list's body, behind its type.
pub(in crate::tags) fn read(mut rest: &[u8], to: &mut Collected) {
    to.next_tag();
    while let (Some(id), Some(bytes)) = (rest.first_chunk::<4>(), u32_le(rest, 4)) {
        let bytes = bytes as usize;
        let Some(value) = rest.get(8..).and_then(|rest| rest.get(..bytes)) else {
            to.lost("the rest of the INFO list", "an entry in it is broken");
            break;
        };
        let own = text(id);
        to.push(Field {
            name: names::of_info(&own),
            value: text(value),
            own_name: None,
            frame: None,
            description: None,
            info: Some(*id),
            in_frame: false,
        });
        rest = rest.get(8 + bytes + bytes % 2..).unwrap_or_default();
    }
}

/// The list with its type; nothing where no field has a name there.
pub(in crate::tags) fn written(tags: &Tags) -> Vec<u8> {
    let mut entries: Vec<([u8; 4], String)> = Vec::new();
    for field in &tags.fields {
        let row =
            names::row(&field.name).and_then(|row| row.info.as_bytes().first_chunk().copied());
        let Some(id) = field.info.or(row) else {
            continue;
        };
        match entries.iter_mut().find(|(other, _)| *other == id) {
            Some((_, text)) => {
                text.push_str("; ");
                text.push_str(&field.value);
            }
            None => entries.push((id, field.value.clone())),
        }
    }
    let mut list = Vec::new();
    if !entries.is_empty() {
        list.extend(b"INFO");
        for (id, value) in entries {
            push_chunk(
                &mut list,
                &id,
                format!("{}\0", value.replace('\0', " ")).as_bytes(),
            );
        }
    }
    list
}
