//! The bytes of a cached [`Analysis`]: every number as it is, little-endian, in a fixed order.

use acetate_dsp::Analysis;
use acetate_dsp::analysis::{BandCrest, BandFrame, MeterReading, Sequences, Spectrum};
use acetate_dsp::measure::lone_transients::{LoneTransient, TransientKind};

/// Version of the layout and of what is measured; another one is not read.
pub(super) const VERSION: u32 = 3;

/// Room for any sequence: no program of 12 hours has more entries of 10 ms.
const MAX_ENTRIES: u64 = 1 << 23;

/// All of an analysis as bytes.
pub(super) fn encode(analysis: &Analysis) -> Vec<u8> {
    let mut out = Writer(Vec::new());
    write(&mut out, analysis);
    out.0
}

fn write(out: &mut Writer, analysis: &Analysis) {
    // Named one by one, so that a new field cannot be forgotten.
    let Analysis {
        sample_rate_hz,
        channels,
        frames,
        duration_s,
        integrated_lufs,
        loudness_range_lu,
        short_term_max_lufs,
        momentary_max_lufs,
        true_peak_dbtp,
        true_peak_by_meter,
        true_peak_at_s,
        integrated_by_meter,
        sample_peak_dbfs,
        plr_db,
        crest,
        correlation,
        dc_offset,
        slow_offset,
        lone_transients,
        clipped_runs,
        clipped_samples,
        non_finite_samples,
        bandwidth_hz,
        spectrum:
            Spectrum {
                center_hz,
                mid_db,
                side_db,
            },
        sequences:
            Sequences {
                band_frames,
                band_spacing_frames,
                k_power_10ms,
                peak_10ms,
                short_term_lufs,
            },
        repaired,
    } = analysis;
    out.u64(u64::from(*sample_rate_hz));
    out.u64(*channels as u64);
    out.u64(*frames);
    for figure in [
        duration_s,
        integrated_lufs,
        loudness_range_lu,
        short_term_max_lufs,
        momentary_max_lufs,
        true_peak_dbtp,
        true_peak_at_s,
        sample_peak_dbfs,
        plr_db,
        correlation,
        bandwidth_hz,
    ] {
        out.f64(*figure);
    }
    out.u64(*non_finite_samples);
    for readings in [true_peak_by_meter, integrated_by_meter] {
        out.list(readings, |out, reading| {
            out.list(reading.meter.as_bytes(), |out, byte| out.0.push(*byte));
            out.f64(reading.value);
        });
    }
    out.list(crest, |out, band| {
        for figure in [band.from_hz, band.to_hz, band.crest_db] {
            out.f64(figure);
        }
    });
    for figures in [dc_offset, slow_offset, center_hz, mid_db, side_db] {
        out.list(figures, |out, x| out.f64(*x));
    }
    out.list(lone_transients, |out, event| {
        out.0.push(match event.kind {
            TransientKind::Click => 0,
            TransientKind::Bump => 1,
        });
        out.u64(event.start_frame);
        out.u64(event.frames);
        out.f64(event.peak_dbfs);
        out.f64(event.over_db);
    });
    for counts in [clipped_runs, clipped_samples] {
        out.list(counts, |out, count| out.u64(*count));
    }
    out.list(band_frames, |out, frame| {
        let levels = frame.mid_db.iter().chain(&frame.side_db);
        levels.for_each(|level| out.f32(*level));
    });
    out.u64(*band_spacing_frames);
    for sequence in [k_power_10ms, peak_10ms, short_term_lufs] {
        out.list(sequence, |out, x| out.f32(*x));
    }
    out.list(repaired.as_slice(), |out, repaired| write(out, repaired));
}

/// The analysis that [`encode`] wrote; `None` for anything else.
pub(super) fn decode(bytes: &[u8]) -> Option<Analysis> {
    let mut from = Reader(bytes);
    let analysis = read(&mut from, true)?;
    from.0.is_empty().then_some(analysis)
}

/// One analysis; a repaired one has none of its own.
fn read(from: &mut Reader<'_>, with_repaired: bool) -> Option<Analysis> {
    let sample_rate_hz = u32::try_from(from.u64()?).ok()?;
    let channels = usize::try_from(from.u64()?).ok()?;
    let frames = from.u64()?;
    let [
        duration_s,
        integrated_lufs,
        loudness_range_lu,
        short_term_max_lufs,
        momentary_max_lufs,
        true_peak_dbtp,
        true_peak_at_s,
        sample_peak_dbfs,
        plr_db,
        correlation,
        bandwidth_hz,
    ] = from.array(Reader::f64)?;
    let non_finite_samples = from.u64()?;
    let readings = |from: &mut Reader<'_>| {
        from.list(|from| {
            Some(MeterReading {
                meter: String::from_utf8(from.list(Reader::u8)?).ok()?,
                value: from.f64()?,
            })
        })
    };
    let mut analysis = Analysis {
        sample_rate_hz,
        channels,
        frames,
        duration_s,
        integrated_lufs,
        loudness_range_lu,
        short_term_max_lufs,
        momentary_max_lufs,
        true_peak_dbtp,
        true_peak_by_meter: readings(from)?,
        integrated_by_meter: readings(from)?,
        true_peak_at_s,
        sample_peak_dbfs,
        plr_db,
        crest: from.list(|from| {
            let [from_hz, to_hz, crest_db] = from.array(Reader::f64)?;
            Some(BandCrest {
                from_hz,
                to_hz,
                crest_db,
            })
        })?,
        correlation,
        dc_offset: from.list(Reader::f64)?,
        slow_offset: from.list(Reader::f64)?,
        spectrum: Spectrum {
            center_hz: from.list(Reader::f64)?,
            mid_db: from.list(Reader::f64)?,
            side_db: from.list(Reader::f64)?,
        },
        lone_transients: from.list(|from| {
            Some(LoneTransient {
                kind: match from.u8()? {
                    0 => TransientKind::Click,
                    1 => TransientKind::Bump,
                    _ => return None,
                },
                start_frame: from.u64()?,
                frames: from.u64()?,
                peak_dbfs: from.f64()?,
                over_db: from.f64()?,
            })
        })?,
        clipped_runs: from.list(Reader::u64)?,
        clipped_samples: from.list(Reader::u64)?,
        non_finite_samples,
        bandwidth_hz,
        sequences: Sequences {
            band_frames: from.list(|from| {
                Some(BandFrame {
                    mid_db: from.array(Reader::f32)?,
                    side_db: from.array(Reader::f32)?,
                })
            })?,
            band_spacing_frames: from.u64()?,
            k_power_10ms: from.list(Reader::f32)?,
            peak_10ms: from.list(Reader::f32)?,
            short_term_lufs: from.list(Reader::f32)?,
        },
        repaired: None,
    };
    match from.u64()? {
        0 => {}
        1 if with_repaired => analysis.repaired = Some(Box::new(read(from, false)?)),
        _ => return None,
    }
    Some(analysis)
}

struct Writer(Vec<u8>);

impl Writer {
    fn u64(&mut self, value: u64) {
        self.0.extend(value.to_le_bytes());
    }

    fn f64(&mut self, value: f64) {
        self.0.extend(value.to_le_bytes());
    }

    fn f32(&mut self, value: f32) {
        self.0.extend(value.to_le_bytes());
    }

    fn list<T>(&mut self, entries: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.u64(entries.len() as u64);
        entries.iter().for_each(|entry| write(self, entry));
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    fn u8(&mut self) -> Option<u8> {
        self.bytes().map(|[byte]| byte)
    }

    fn u64(&mut self) -> Option<u64> {
        self.bytes().map(u64::from_le_bytes)
    }

    fn f64(&mut self) -> Option<f64> {
        self.bytes().map(f64::from_le_bytes)
    }

    fn f32(&mut self) -> Option<f32> {
        self.bytes().map(f32::from_le_bytes)
    }

    fn array<T: Copy + Default, const N: usize>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<[T; N]> {
        let mut array = [T::default(); N];
        for entry in &mut array {
            *entry = read(self)?;
        }
        Some(array)
    }

    fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.u64()?;
        // Grown as it is read: a forged length takes no memory.
        (count <= MAX_ENTRIES)
            .then(|| (0..count).map(|_| read(self)).collect::<Option<Vec<T>>>())
            .flatten()
    }
}
