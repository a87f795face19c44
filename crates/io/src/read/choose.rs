//! Which reader a file gets, by its first bytes and its header.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::path::Path;

use crate::DecodeWarning;
use crate::read::backend::Backend;
use crate::read::chain::{ChainReader, open_flac, open_ogg};
use crate::read::containers::rf64::{self, Rf64Reader};
use crate::read::containers::{aiff, caf, flac_head, joined};
use crate::read::elementary::ElementaryReader;
use crate::read::framing::survey_ogg;
use crate::read::packets::Packets;
use crate::read::sniff::Kind;
use crate::read::step::{Facts, Fault};

/// Sample types of a WAV that holds MPEG audio (WAVE_FORMAT_MPEG, WAVE_FORMAT_MPEGLAYER3).
const MPEG_TAGS: [u64; 2] = [0x50, 0x55];

/// Opens the reader for a file. `verify`: also hold the sound against the encoder's checksum, where
/// the format has one.
pub(crate) fn start(
    path: &Path,
    kind: Kind,
    file: &File,
    verify: bool,
) -> Result<(Backend, Facts), Fault> {
    let (backend, mut facts) = reader(path, kind, file, verify)?;
    let second = match kind {
        Kind::Wave | Kind::Aiff => joined::second_form(file)?,
        Kind::Candidate if facts.container == "isomp4" => joined::second_movie(file)?,
        _ => None,
    };
    let left_out = second.map(|at_byte| DecodeWarning::SecondFile { at_byte });
    facts.damage.extend(left_out);
    Ok((backend, facts))
}

fn reader(path: &Path, kind: Kind, file: &File, verify: bool) -> Result<(Backend, Facts), Fault> {
    let file = file.try_clone()?;
    match kind {
        Kind::Rf64 => {
            let (reader, facts) = Rf64Reader::open(file, "rf64")?;
            Ok((Backend::Rf64(reader), facts))
        }
        Kind::Other(found, convertible) => Err(Fault::NotAudio(found.to_owned(), convertible)),
        Kind::Candidate => packets(path, file, verify),
        Kind::Aiff => {
            let stated = aiff::stated_frames(&file)?;
            let (backend, mut facts) = packets(path, file, verify)?;
            // Compressed sound is counted in packets there.
            if let Some((stated, held)) = stated.zip(facts.frames)
                && facts.codec.starts_with("pcm_")
            {
                facts.damage.extend(DecodeWarning::of_lengths(stated, held));
            }
            Ok((backend, facts))
        }
        Kind::Caf => match caf::closed(&file)? {
            Some(closed) => {
                let (packets, facts) = Packets::open(Box::new(closed), Some("caf"), verify)?;
                Ok((Backend::Symphonia(Box::new(packets)), facts))
            }
            None => packets(path, file, verify),
        },
        Kind::Ogg => {
            let (damage, starts) = survey_ogg(&file)?;
            let (backend, mut facts) = match starts.len() {
                2.. => {
                    let ends = starts
                        .iter()
                        .copied()
                        .skip(1)
                        .chain([file.metadata()?.len()]);
                    let links = starts.iter().copied().zip(ends).collect();
                    let (chain, facts) = ChainReader::open(&file, links, open_ogg)?;
                    (Backend::Chain(Box::new(chain)), facts)
                }
                _ => packets(path, file, verify)?,
            };
            facts.damage.splice(0..0, damage);
            Ok((backend, facts))
        }
        Kind::Flac { start } => {
            let links = flac_head::links(&file, start)?;
            if let [link] = links[..] {
                let (packets, facts) = open_flac(&file, link, verify)?;
                return Ok((Backend::Symphonia(Box::new(packets)), facts));
            }
            let (_, first) = open_flac(&file, links[0], false)?;
            let (chain, mut facts) = ChainReader::open(&file, links, open_flac)?;
            let lengths = first.frames.zip(facts.frames);
            let told = lengths.and_then(|(stated, all)| DecodeWarning::of_lengths(stated, all));
            facts.damage.extend(told);
            Ok((Backend::Chain(Box::new(chain)), facts))
        }
        Kind::Elementary { start } => {
            let end = file.metadata()?.len();
            match ElementaryReader::open(&file, start, end)? {
                Some((reader, facts)) => Ok((Backend::Elementary(Box::new(reader)), facts)),
                None => packets(path, file, verify),
            }
        }
        Kind::Wave | Kind::StreamedWave => {
            let outline = rf64::wave_outline(&file)?;
            if let Some(channels) = outline.channels
                && !(1..=2).contains(&channels)
            {
                return Err(Fault::Channels(channels));
            }
            if MPEG_TAGS.contains(&outline.format_tag) {
                let (start, end) = outline.data;
                if let Some((reader, facts)) = ElementaryReader::open(&file, start, end)? {
                    return Ok((Backend::Elementary(Box::new(reader)), facts));
                }
            }
            if outline.unfinished {
                let (reader, facts) = Rf64Reader::open_unfinished(file)?;
                return Ok((Backend::Rf64(reader), facts));
            }
            if outline.overlong {
                let (reader, facts) = Rf64Reader::open(file, "wave")?;
                return Ok((Backend::Rf64(reader), facts));
            }
            if let Some((reader, facts)) = Rf64Reader::open_regular(file.try_clone()?)? {
                return Ok((Backend::Rf64(reader), facts));
            }
            let mut file = file;
            file.seek(SeekFrom::Start(0))?;
            packets(path, file, verify)
        }
    }
}

fn packets(path: &Path, file: File, verify: bool) -> Result<(Backend, Facts), Fault> {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let (packets, facts) = Packets::open(Box::new(file), extension, verify)?;
    Ok((Backend::Symphonia(Box::new(packets)), facts))
}
