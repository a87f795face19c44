//! The readers behind [`Decoder`](crate::Decoder): symphonia's packets, and our own for RF64 and for
//! elementary streams.

use crate::info::DecodeWarning;
use crate::read::chain::ChainReader;
use crate::read::containers::rf64::Rf64Reader;
use crate::read::elementary::ElementaryReader;
use crate::read::foreign::ForeignReader;
use crate::read::packets::Packets;
use crate::read::step::{Fault, Step};

/// A reader of any kind.
pub(crate) enum Backend {
    Symphonia(Box<Packets>),
    Rf64(Rf64Reader),
    Elementary(Box<ElementaryReader>),
    Chain(Box<ChainReader>),
    Foreign(Box<ForeignReader>),
}

impl Backend {
    /// Sample rate and channels of the sound, as soon as they are sure.
    pub(crate) fn spec(&self) -> Option<(u32, usize)> {
        match self {
            Self::Symphonia(packets) => packets.spec(),
            Self::Rf64(reader) => Some(reader.spec()),
            Self::Elementary(reader) => Some(reader.spec()),
            Self::Chain(reader) => Some(reader.spec()),
            Self::Foreign(reader) => Some(reader.spec()),
        }
    }

    /// Fills `planes`, which are empty, with the next frames, one plane per channel.
    pub(crate) fn step(&mut self, planes: &mut Vec<Vec<f32>>) -> Result<Step, Fault> {
        match self {
            Self::Symphonia(packets) => packets.step(planes),
            Self::Rf64(reader) => reader.step(planes),
            Self::Elementary(reader) => reader.step(planes),
            Self::Chain(reader) => reader.step(planes),
            Self::Foreign(reader) => reader.step(planes),
        }
    }

    /// At the end: the encoder's checksum over the sound is another, and was looked at.
    pub(crate) fn is_not_what_was_encoded(&mut self) -> bool {
        match self {
            Self::Symphonia(packets) => packets.is_not_what_was_encoded(),
            Self::Rf64(_) | Self::Elementary(_) | Self::Chain(_) | Self::Foreign(_) => false,
        }
    }

    /// At the end: damage that only the whole shows.
    pub(crate) fn damage_at_end(&self) -> &[DecodeWarning] {
        match self {
            Self::Foreign(reader) => reader.damage(),
            _ => &[],
        }
    }
}
