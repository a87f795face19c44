//! Which places, taken as the beginnings of a coder's frames, make the lines of its transform fall to nothing.
//!
//! A coder rounds the lines of its own transform, and many to zero. Who transforms what it made at the very same
//! places finds those zeros again, and at any other place none (Herre and Schug, "Analysis of decompressed
//! audio: the inverse decoder", AES 109th Convention, 2000). No music prefers one place in a thousand.

use acetate_dsp::numeric::median;

use super::Passage;

/// Lines that are looked at, Hz: below them little is rounded to zero.
const BAND_HZ: (f64, f64) = (4_000.0, 19_500.0);
/// Neighbors on either side that a line is held against.
const NEIGHBORS: usize = 16;
/// Lines this far below their neighbors are all alike, as power: the rounding to 16 bits fills what was empty.
const EMPTY: f32 = 1e-5;
/// Lines this far below their neighbors count as zeroed, as power.
const HOLE: f32 = 1e-3;
/// Lines whose neighbors lie this far below the passage are not looked at, as power of a line against that of a
/// sample: 16 bits leave nothing but their own noise there.
const FAINT: f64 = 5e-8;
/// Places from which the level of the neighbors is taken.
const LEVEL_PLACES: usize = 16;
/// Fewest lines that tell something.
const FEWEST_LINES: usize = 24;
/// Fewest passages that tell something.
const FEWEST_PASSAGES: usize = 4;
/// Logarithms are taken of products of so many lines.
const PRODUCT: usize = 16;
/// Median absolute deviation of a normal distribution, in standard deviations.
const MAD_SIGMA: f64 = 0.674_489_750_196_082;

/// A family of coders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// MPEG-1 and 2, layer III.
    Mp3,
    /// AAC.
    Aac,
    /// Vorbis.
    Vorbis,
}

impl Family {
    /// As printed.
    pub fn label(self) -> &'static str {
        match self {
            Self::Mp3 => "MP3",
            Self::Aac => "AAC",
            Self::Vorbis => "Ogg Vorbis",
        }
    }
}

/// A coder's transform.
pub(super) trait Transform {
    /// Whose it is.
    fn family(&self) -> Family;

    /// Lines of a frame, and frames between the beginnings of two.
    fn lines(&self) -> usize;

    /// Places that cannot be told apart: Vorbis moves its frames by eighths after short ones.
    fn period(&self) -> usize {
        match self.family() {
            Family::Vorbis => self.lines() / 8,
            _ => self.lines(),
        }
    }

    /// Takes the samples of a passage, [`PASSAGE`](super::PASSAGE) of them.
    fn prepare(&mut self, samples: &[f32]);

    /// The lines of the frame that begins so many samples into the passage, fewer than [`lines`](Self::lines);
    /// white noise keeps its power in each.
    fn transform(&mut self, offset: usize, out: &mut [f32]);
}

/// What the best place of a coder's frames shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CodecFigures {
    /// Whose frames they are.
    pub family: Family,
    /// How far the best place stands out from all others, in standard deviations of theirs.
    pub sigma: f64,
    /// Share of lines that are zero there and nowhere else, percent.
    pub holes_percent: f64,
}

/// Left, right, mid and side, or mono alone: coders round either.
const LANES: usize = 4;
/// Lanes that are judged together.
const GROUPS: [&[usize]; 6] = [&[0], &[1], &[2], &[3], &[0, 1], &[2, 3]];

/// Looks for the frames of one family.
pub(super) struct Search<T> {
    transforms: [T; 2],
    lines: [Vec<f32>; 2],
    /// Powers of each lane's lines, and their running sum.
    powers: [Vec<f32>; LANES],
    sums: Vec<f64>,
    mono: bool,
    from: usize,
    to: usize,
}

impl<T: Transform> Search<T> {
    /// A search in a signal at this rate.
    pub(super) fn new(rate_hz: f64, transforms: [T; 2]) -> Self {
        let lines = transforms[0].lines();
        let line = |hz: f64| (hz / (0.5 * rate_hz) * lines as f64) as usize;
        let to = line(BAND_HZ.1).min(lines - NEIGHBORS - 1);
        Self {
            transforms,
            lines: [(); 2].map(|()| vec![0.0; lines]),
            powers: [(); LANES].map(|()| vec![0.0; lines]),
            sums: vec![0.0; lines + 1],
            mono: false,
            from: line(BAND_HZ.0).clamp(NEIGHBORS, to),
            to,
        }
    }

    /// The best place; `None` where too little sounds.
    pub(super) fn run(&mut self, passages: &[Passage]) -> Option<CodecFigures> {
        let period = self.transforms[0].period();
        let mut curves = [(); LANES].map(|()| vec![0.0; period]);
        let mut counts = [0usize; LANES];
        for passage in passages {
            let found = self.curves(passage);
            for ((sum, count), curve) in curves.iter_mut().zip(&mut counts).zip(found) {
                if let Some(curve) = curve {
                    sum.iter_mut().zip(curve).for_each(|(s, c)| *s += c);
                    *count += 1;
                }
            }
        }
        let mut best: Option<(f64, usize, &[usize])> = None;
        for group in GROUPS {
            if group.iter().any(|&lane| counts[lane] < FEWEST_PASSAGES) {
                continue;
            }
            let at = |place: usize| {
                let parts = group
                    .iter()
                    .map(|&lane| curves[lane][place] / counts[lane] as f64);
                parts.sum::<f64>()
            };
            let (sigma, place) = standing_out(&(0..period).map(at).collect::<Vec<_>>())?;
            if best.is_none_or(|(most, ..)| sigma > most) {
                best = Some((sigma, place, group));
            }
        }
        let (sigma, place, group) = best?;
        Some(CodecFigures {
            family: self.transforms[0].family(),
            sigma,
            holes_percent: self.holes_percent(passages, place, group),
        })
    }

    /// How empty the lines of each lane are over the places, each passage's middle being 0.
    fn curves(&mut self, passage: &Passage) -> [Option<Vec<f64>>; LANES] {
        let (lines, period) = (self.transforms[0].lines(), self.transforms[0].period());
        self.prepare(passage);
        let loud = self.loud(passage);
        let mut curves = [(); LANES].map(|()| vec![0.0; lines]);
        for offset in 0..lines {
            self.look(offset);
            let place = ((passage.at + offset as u64) % lines as u64) as usize;
            for lane in 0..LANES {
                if loud[lane].len() >= FEWEST_LINES {
                    self.add_up(lane);
                    curves[lane][place] = self.emptiness(lane, &loud[lane]);
                }
            }
        }
        let mut lane = 0;
        curves.map(|curve| {
            lane += 1;
            (loud[lane - 1].len() >= FEWEST_LINES).then(|| {
                let folded: Vec<f64> = (0..period)
                    .map(|place| {
                        let same = curve.iter().skip(place).step_by(period);
                        same.copied().fold(f64::NEG_INFINITY, f64::max)
                    })
                    .collect();
                let middle = middle(&folded);
                folded.into_iter().map(|x| x - middle).collect()
            })
        })
    }

    fn prepare(&mut self, passage: &Passage) {
        for (transform, samples) in self.transforms.iter_mut().zip(&passage.channels) {
            transform.prepare(samples);
        }
        self.powers.iter_mut().for_each(|powers| powers.fill(0.0));
        self.mono = passage.channels.len() == 1;
    }

    /// The powers of every lane's lines at a place.
    fn look(&mut self, offset: usize) {
        let [left, right] = &mut self.lines;
        self.transforms[0].transform(offset, left);
        if self.mono {
            let squares = left.iter().map(|x| x * x);
            self.powers[0]
                .iter_mut()
                .zip(squares)
                .for_each(|(p, x)| *p = x);
            return;
        }
        self.transforms[1].transform(offset, right);
        let [l2, r2, m2, s2] = &mut self.powers;
        for (index, (l, r)) in left.iter().zip(right.iter()).enumerate() {
            l2[index] = l * l;
            r2[index] = r * r;
            m2[index] = 0.5 * (l + r) * (l + r);
            s2[index] = 0.5 * (l - r) * (l - r);
        }
    }

    /// Running sums of a lane's powers.
    fn add_up(&mut self, lane: usize) {
        let mut sum = 0.0;
        for (slot, power) in self.sums[1..].iter_mut().zip(&self.powers[lane]) {
            sum += f64::from(*power);
            *slot = sum;
        }
    }

    /// Mean power of a line and its neighbors.
    fn around(&self, line: usize) -> f64 {
        let (from, to) = (line - NEIGHBORS, line + NEIGHBORS + 1);
        (self.sums[to] - self.sums[from]) / (to - from) as f64
    }

    /// Lines of each lane that stand over the rounding to 16 bits.
    fn loud(&mut self, passage: &Passage) -> [Vec<usize>; LANES] {
        let least = FAINT * passage.mean_square();
        let mut means = [(); LANES].map(|()| vec![0.0; self.to]);
        let step = self.transforms[0].lines() / LEVEL_PLACES;
        for place in 0..LEVEL_PLACES {
            self.look(place * step);
            for (lane, means) in means.iter_mut().enumerate() {
                self.add_up(lane);
                for (line, mean) in means.iter_mut().enumerate().skip(self.from) {
                    *mean += self.around(line) / LEVEL_PLACES as f64;
                }
            }
        }
        means.map(|means| {
            let those = (self.from..self.to).filter(|&line| means[line] > least);
            those.collect()
        })
    }

    /// Mean over lines of how far they lie below their neighbors, as a logarithm.
    fn emptiness(&self, lane: usize, lines: &[usize]) -> f64 {
        let powers = &self.powers[lane];
        let mut sum = 0.0;
        for some in lines.chunks(PRODUCT) {
            let parts = some.iter().map(|&line| self.share(powers, line) + EMPTY);
            sum += libm::log(parts.map(f64::from).product::<f64>());
        }
        -sum / lines.len() as f64
    }

    /// Power of a line against its neighbors; 1 where nothing sounds.
    fn share(&self, powers: &[f32], line: usize) -> f32 {
        let around = self.around(line) as f32;
        if around > 0.0 {
            powers[line] / around
        } else {
            1.0
        }
    }

    /// Share of lines that are empty at a place and not half a frame away, percent.
    fn holes_percent(&mut self, passages: &[Passage], place: usize, group: &[usize]) -> f64 {
        let (lines, period) = (self.transforms[0].lines(), self.transforms[0].period());
        let (mut empty, mut elsewhere, mut all) = (0usize, 0usize, 0usize);
        for passage in passages {
            self.prepare(passage);
            let loud = self.loud(passage);
            // Of places that cannot be told apart, the one where this passage is emptiest.
            let mut most: Option<(usize, usize)> = None;
            for at in (place..lines).step_by(period) {
                let offset = (at as u64 + lines as u64 - passage.at % lines as u64) as usize;
                let count = self.empty(offset % lines, &loud, group);
                if most.is_none_or(|(before, _)| count > before) {
                    most = Some((count, offset % lines));
                }
            }
            let Some((count, offset)) = most else {
                continue;
            };
            empty += count;
            elsewhere += self.empty((offset + period / 2) % lines, &loud, group);
            all += group.iter().map(|&lane| loud[lane].len()).sum::<usize>();
        }
        100.0 * empty.saturating_sub(elsewhere) as f64 / all.max(1) as f64
    }

    /// Number of empty lines at a place.
    fn empty(&mut self, offset: usize, loud: &[Vec<usize>; LANES], group: &[usize]) -> usize {
        self.look(offset);
        let mut count = 0;
        for &lane in group {
            self.add_up(lane);
            let powers = &self.powers[lane];
            let empty = loud[lane]
                .iter()
                .filter(|&&line| self.share(powers, line) < HOLE);
            count += empty.count();
        }
        count
    }
}

/// How far the highest value stands out, in standard deviations of the others, and where it is.
fn standing_out(curve: &[f64]) -> Option<(f64, usize)> {
    let usual = middle(curve);
    let apart: Vec<f64> = curve.iter().map(|x| (x - usual).abs()).collect();
    let deviation = middle(&apart) / MAD_SIGMA;
    let (place, most) = curve.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
    Some(((most - usual) / deviation.max(1e-12), place))
}

/// Median of values that keep their order; 0 without any.
fn middle(values: &[f64]) -> f64 {
    median(&mut values.to_vec()).unwrap_or(0.0)
}
