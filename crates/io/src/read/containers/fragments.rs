//! Length of the sound in the fragments of an MP4 (ISO/IEC 14496-12, 8.8), whose `moov` box says
//! nothing of it.

use crate::read::containers::mp4_boxes::{boxes, child, u32_at};

/// Flags of a track fragment's header (8.8.7.1): fields before the default duration, and that one.
const HAS_BASE_OFFSET: u32 = 0x1;
const HAS_DESCRIPTION: u32 = 0x2;
const HAS_DEFAULT_DURATION: u32 = 0x8;
/// Flags of a track run (8.8.8.1): two fields before the samples, then four of each sample.
const HAS_DATA_OFFSET: u32 = 0x1;
const HAS_FIRST_FLAGS: u32 = 0x4;
const SAMPLE_FIELDS: [u32; 4] = [HAS_SAMPLE_DURATION, 0x200, 0x400, 0x800];
const HAS_SAMPLE_DURATION: u32 = 0x100;

/// One track in the fragments.
pub(crate) struct FragmentedTrack {
    track_id: u32,
    default_ticks: u64,
}

impl FragmentedTrack {
    /// Of a `moov` box; `None` where it announces no fragments of this track.
    pub(crate) fn of(moov: &[u8], track_id: u32) -> Option<Self> {
        let mvex = child(moov, b"mvex")?;
        // Version and flags, track, description, default duration.
        let trex = boxes(mvex)
            .filter(|(name, _)| name == b"trex")
            .find(|(_, body)| u32_at(body, 4) == Some(track_id))?;
        Some(Self {
            track_id,
            default_ticks: u64::from(u32_at(trex.1, 12)?),
        })
    }

    /// Length of the track's sound in one `moof` box, in the track's ticks.
    pub(crate) fn ticks_in(&self, moof: &[u8]) -> u64 {
        let tracks = boxes(moof).filter(|(name, _)| name == b"traf");
        let sums = tracks.filter_map(|(_, traf)| self.ticks_in_track(traf));
        sums.fold(0, u64::saturating_add)
    }

    fn ticks_in_track(&self, traf: &[u8]) -> Option<u64> {
        let tfhd = child(traf, b"tfhd")?;
        let flags = u32_at(tfhd, 0)?;
        if u32_at(tfhd, 4)? != self.track_id {
            return None;
        }
        let mut at = 8;
        at += if flags & HAS_BASE_OFFSET != 0 { 8 } else { 0 };
        at += if flags & HAS_DESCRIPTION != 0 { 4 } else { 0 };
        let default_ticks = match flags & HAS_DEFAULT_DURATION {
            0 => self.default_ticks,
            _ => u64::from(u32_at(tfhd, at)?),
        };
        let runs = boxes(traf).filter(|(name, _)| name == b"trun");
        let sums = runs.filter_map(|(_, trun)| ticks_in_run(trun, default_ticks));
        Some(sums.fold(0, u64::saturating_add))
    }
}

fn ticks_in_run(trun: &[u8], default_ticks: u64) -> Option<u64> {
    let flags = u32_at(trun, 0)? & 0x00FF_FFFF;
    let count = u64::from(u32_at(trun, 4)?);
    if flags & HAS_SAMPLE_DURATION == 0 {
        return Some(count.saturating_mul(default_ticks));
    }
    let mut at = 8;
    at += if flags & HAS_DATA_OFFSET != 0 { 4 } else { 0 };
    at += if flags & HAS_FIRST_FLAGS != 0 { 4 } else { 0 };
    let fields = SAMPLE_FIELDS
        .iter()
        .filter(|field| flags & **field != 0)
        .count();
    let samples = trun.get(at..)?.chunks_exact(4 * fields);
    let durations = samples
        .take(usize::try_from(count).ok()?)
        .filter_map(|sample| u32_at(sample, 0));
    Some(durations.fold(0, |sum, ticks| sum + u64::from(ticks)))
}
