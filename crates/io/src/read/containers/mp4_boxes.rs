//! The boxes of an MP4 (ISO/IEC 14496-12, 4.2).

/// The boxes that lie side by side in `bytes`; a broken size ends them.
pub(crate) fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let size = u32_at(bytes, 0)? as usize;
        let name = bytes.get(4..8)?.try_into().ok()?;
        let (body, rest) = match size {
            0 => (bytes.get(8..)?, &[][..]),
            _ => (bytes.get(8..size)?, bytes.get(size..)?),
        };
        bytes = rest;
        Some((name, body))
    })
}

pub(crate) fn child<'a>(bytes: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(bytes)
        .find(|(found, _)| found == name)
        .map(|(_, body)| body)
}

pub(crate) fn path<'a>(bytes: &'a [u8], names: &[&[u8; 4]]) -> Option<&'a [u8]> {
    names
        .iter()
        .try_fold(bytes, |bytes, name| child(bytes, name))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_be_bytes(bytes.try_into().ok()?))
}
