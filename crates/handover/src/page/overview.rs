//! [`Overview`]: what a program looks like from afar, and passages of it.

use std::ops::Range;

use acetate_dsp::Audio;

/// Columns that a waveform is drawn with on paper.
pub(crate) const COLUMNS: usize = 440;
/// Columns of a waveform that can be looked into, a multiple of those.
pub(crate) const FINE_COLUMNS: usize = 16 * COLUMNS;

/// Lowest and highest sample of each column of a waveform, all channels together.
#[derive(Clone, Debug)]
pub(crate) struct Overview {
    frames: u64,
    at: u64,
    columns: Vec<(f32, f32)>,
}

impl Overview {
    /// For a program of `frames` frames.
    pub(crate) fn new(frames: u64) -> Self {
        Self {
            frames: frames.max(1),
            at: 0,
            columns: vec![(0.0, 0.0); FINE_COLUMNS],
        }
    }

    /// Takes the next block.
    pub(crate) fn push(&mut self, block: &Audio) {
        for channel in block.channels() {
            for (offset, sample) in channel.iter().enumerate() {
                let frame = self.at + offset as u64;
                let column = (frame * FINE_COLUMNS as u64 / self.frames) as usize;
                let (low, high) = &mut self.columns[column.min(FINE_COLUMNS - 1)];
                *low = low.min(*sample);
                *high = high.max(*sample);
            }
        }
        self.at += block.frames() as u64;
    }

    /// Lowest and highest sample of each column, full scale ±1.
    pub(crate) fn columns(&self) -> Vec<(f32, f32)> {
        let groups = self.columns.chunks(FINE_COLUMNS / COLUMNS);
        let joined = groups.map(|group| {
            let all = group.iter();
            all.fold((0.0_f32, 0.0_f32), |(low, high), (l, h)| {
                (low.min(*l), high.max(*h))
            })
        });
        joined.collect()
    }

    /// The fine columns as 16-bit pairs, little-endian.
    pub(crate) fn outline(&self) -> Vec<u8> {
        let values = self.columns.iter().flat_map(|(low, high)| [*low, *high]);
        // The cast saturates, as a drawing should.
        let steps = values.map(|value| (value * f32::from(i16::MAX)) as i16);
        steps.flat_map(i16::to_le_bytes).collect()
    }
}

/// A passage that is cut out of a program as it goes by.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    range: Range<u64>,
    at: u64,
    audio: Audio,
}

impl Cut {
    /// Of `range` in frames.
    pub(crate) fn new(sample_rate_hz: u32, channels: usize, range: Range<u64>) -> Self {
        Self {
            range,
            at: 0,
            audio: Audio::silence(sample_rate_hz, channels, 0),
        }
    }

    /// Takes the next block.
    pub(crate) fn push(&mut self, block: &Audio) {
        let end = self.at + block.frames() as u64;
        let (from, to) = (self.range.start.max(self.at), self.range.end.min(end));
        if from < to {
            let part = block.slice((from - self.at) as usize, (to - self.at) as usize);
            self.audio.append(&part);
        }
        self.at = end;
    }

    /// The passage; shorter where the program ended within it.
    pub(crate) fn into_audio(self) -> Audio {
        self.audio
    }
}

/// A stretch of time, seconds from the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stretch {
    pub(crate) from_s: f64,
    pub(crate) length_s: f64,
}

impl Stretch {
    /// As frames at a sample rate.
    pub(crate) fn frames(&self, sample_rate_hz: u32) -> Range<u64> {
        let rate = f64::from(sample_rate_hz);
        let start = (self.from_s * rate).round() as u64;
        start..start + (self.length_s * rate).round() as u64
    }

    /// The loudest stretch of `length_s` in K-weighted powers of 10 ms; the whole where it is no
    /// longer than that.
    pub(crate) fn loudest(k_power_10ms: &[f32], length_s: f64) -> Self {
        let steps = (length_s * 100.0).round() as usize;
        if k_power_10ms.len() <= steps {
            return Self {
                from_s: 0.0,
                length_s: k_power_10ms.len() as f64 / 100.0,
            };
        }
        let mut sum: f64 = k_power_10ms[..steps].iter().map(|p| f64::from(*p)).sum();
        let (mut best, mut best_at) = (sum, 0);
        for end in steps..k_power_10ms.len() {
            sum += f64::from(k_power_10ms[end]) - f64::from(k_power_10ms[end - steps]);
            if sum > best {
                (best, best_at) = (sum, end - steps + 1);
            }
        }
        Self {
            from_s: best_at as f64 / 100.0,
            length_s,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loudest_stretch_is_found_and_cut() {
        let mut powers = vec![0.001_f32; 1000];
        powers[600..700].fill(0.1);
        let stretch = Stretch::loudest(&powers, 1.0);
        assert!((stretch.from_s - 6.0).abs() < 1e-9, "{stretch:?}");
        assert_eq!(stretch.frames(1000), 6000..7000);
        assert_eq!(Stretch::loudest(&powers, 20.0).length_s, 10.0);

        let ramp = Audio::new(1000, vec![(0..10_000).map(|n| n as f32).collect()]).unwrap();
        let mut cut = Cut::new(1000, 1, stretch.frames(1000));
        for start in (0..10_000).step_by(777) {
            cut.push(&ramp.slice(start, start + 777));
        }
        let audio = cut.into_audio();
        assert_eq!(audio.frames(), 1000);
        assert_eq!(audio.channel(0)[0], 6000.0);
    }

    #[test]
    fn an_overview_holds_every_peak() {
        let mut samples = vec![0.0_f32; 44_100];
        samples[20_000] = 0.9;
        samples[20_001] = -0.7;
        let audio = Audio::new(44_100, vec![samples]).unwrap();
        let mut overview = Overview::new(44_100);
        for start in (0..44_100).step_by(1000) {
            overview.push(&audio.slice(start, start + 1000));
        }
        let column = overview.columns()[20_000 * COLUMNS / 44_100];
        assert_eq!(column, (-0.7, 0.9));
    }
}
