#!/usr/bin/env python3
"""Can a buried or a loud lead be told from the mix alone? Puts the leads that `lead.py` rendered 6 dB up and down,
measures each mix, and reports how often a mix with a moved lead stands above one with the author's balance (AUC),
every album group judged by a logistic regression that has not seen it.

    python3 crates/check/fit/lead_study.py FOLDER       # needs numpy, scipy and scikit-learn

The figures of a mix: prominence and steadiness of the strongest harmonic series from 150 Hz to 1.2 kHz over all
else, its place between mid and side, flatness, number and contrast of the partials from 300 Hz to 4 kHz, modulation
of that band, harmonic against percussive, the spread of its octaves, and the rank of its spectrum over time; and the
third octaves of mid and side with their spread. The bound is what the true ratio of lead to rest would reach, which
no one who has only the mix can know better.
"""
import sys
import warnings
from pathlib import Path

import numpy as np
from scipy import signal
from scipy.ndimage import maximum_filter1d, median_filter
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

RATE = 44_100
LEVELS_DB = (-6, 0, 6)
# Songs whose lead lies further from the rest, between 300 Hz and 4 kHz, have none, or nothing else.
RATIO_DB = (-12.0, 6.0)
SEED = 7
DRAWS = 400

# The mix is looked at below 5.5 kHz, in windows of 186 ms every 46 ms.
LOW_RATE = RATE // 4
WINDOW, HOP = 2048, 512
HZ = np.fft.rfftfreq(WINDOW, 1 / LOW_RATE)
BODY = np.flatnonzero((HZ >= 300) & (HZ <= 4000))
WIDE = (HZ >= 200) & (HZ <= 5000)
FUNDAMENTALS_HZ = 150 * 2 ** (np.arange(36 * 3) / 36)
HARMONICS = 6
HARMONIC_BINS = [[bin for bin in (round(hz * h * WINDOW / LOW_RATE) for h in range(1, HARMONICS + 1))
                  if bin < len(HZ) - 2] for hz in FUNDAMENTALS_HZ]


def db(power):
    """Decibels of a power."""
    return 10 * np.log10(np.maximum(power, 1e-20))


def spectrogram(samples, window=WINDOW, hop=HOP):
    """Power, shape [frames][bins]."""
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float32), window)[::hop]
    return np.abs(np.fft.rfft(frames * np.hanning(window + 1)[:-1], axis=1)) ** 2


def melody_figures(mid, side):
    """Of the strongest harmonic series in each frame."""
    size = np.sqrt(mid)
    reached = np.maximum(np.maximum(size, np.roll(size, 1, 1)), np.roll(size, -1, 1)) ** 0.6
    salience = np.stack([sum(0.84 ** h * reached[:, bin] for h, bin in enumerate(bins))
                         for bins in HARMONIC_BINS], axis=1)
    best, most = salience.argmax(axis=1), salience.max(axis=1)
    lead_mid, lead_side = np.zeros(len(mid)), np.zeros(len(mid))
    for frame, fundamental in enumerate(best):
        bins = np.unique([bin + d for bin in HARMONIC_BINS[fundamental] for d in (-1, 0, 1)])
        lead_mid[frame], lead_side[frame] = mid[frame, bins].sum(), side[frame, bins].sum()
    all_mid, all_side = mid[:, WIDE].sum(axis=1), side[:, WIDE].sum(axis=1)
    share = db(lead_mid / all_mid)
    centered = db(lead_mid.sum() / max(lead_side.sum(), 1e-12))
    rest = db((all_mid.sum() - lead_mid.sum()) / max(all_side.sum() - lead_side.sum(), 1e-12))
    steps = np.abs(np.diff(best))
    return [*np.quantile(share, [0.1, 0.5, 0.9]), share.std(), db(lead_mid.sum() / all_mid.sum()),
            np.mean(most / salience.mean(axis=1)), np.mean(most / np.median(salience, axis=1)),
            (most / reached.sum(axis=1)).mean(), np.mean(steps <= 1), np.mean(steps <= 4),
            np.log2(np.median(FUNDAMENTALS_HZ[best])), np.std(np.log2(FUNDAMENTALS_HZ[best])),
            centered - rest, db(all_mid.sum() / max(all_side.sum(), 1e-12)), centered]


def partial_figures(body, total):
    """Of the partials between 300 Hz and 4 kHz."""
    flatness = db(np.exp(np.log(body + 1e-12).mean(axis=1)) / body.mean(axis=1))
    taking_part = np.log(body.sum(axis=1) ** 2 / (body ** 2).sum(axis=1))
    peaks = np.where(body == maximum_filter1d(body, 5, axis=1), body, 0)
    sorted_peaks = np.sort(peaks, axis=1)[:, ::-1]
    first, floor = sorted_peaks[:, 0], np.median(body, axis=1)
    return [flatness.mean(), flatness.std(), taking_part.mean(), taking_part.std(), np.quantile(taking_part, 0.1),
            db(first / sorted_peaks[:, 3]).mean(), db(first / sorted_peaks[:, 9]).mean(), db(first / total).mean(),
            np.log((peaks > first[:, None] * 1e-2).sum(axis=1)).mean(),
            np.log((peaks > first[:, None] * 1e-3).sum(axis=1)).mean(),
            db(first / floor).mean(), db(total / floor / len(BODY)).mean()]


def movement_figures(mid, body, total):
    """Of how it moves."""
    level = db(total)
    power = np.abs(np.fft.rfft((total - total.mean()) * np.hanning(len(total)))) ** 2
    hz = np.fft.rfftfreq(len(total), HOP / LOW_RATE)
    figures = [level.std(), np.abs(np.diff(level)).mean(),
               db(power[(hz > 1) & (hz < 4)].sum() / power.sum()), db(power[(hz > 4) & (hz < 9)].sum() / power.sum())]
    size = np.sqrt(body[:, ::2])
    figures.append(db((median_filter(size, (9, 1)) ** 2).sum() / (median_filter(size, (1, 9)) ** 2).sum()))
    audible = mid[:, (HZ >= 60) & (HZ < 5000)].sum()
    for from_hz in (300, 600, 1200, 2400):
        octave = mid[:, (HZ >= from_hz) & (HZ < 2 * from_hz)]
        figures += [db(octave.max(axis=1) / np.median(octave, axis=1)).mean(), db(octave.sum() / audible),
                    db(octave.sum(axis=1)).std()]
    eights = body[:, : body.shape[1] // 8 * 8].reshape(len(body), -1, 8).sum(axis=2)
    levels = np.log(eights + 1e-12)
    shares = np.linalg.svd(levels - levels.mean(axis=0), compute_uv=False) ** 2
    shares /= shares.sum()
    return figures + [shares[0], shares[:3].sum(), -(shares * np.log(shares + 1e-12)).sum()]


def tone_figures(mix):
    """Third octaves from 39 Hz to 16 kHz: level, spread over time, side over mid."""
    window = 4096
    hz = np.fft.rfftfreq(window, 1 / RATE)
    centers = 1000 * 2.0 ** ((np.arange(3, 30) - 17) / 3)
    bands = np.stack([(hz >= c * 2 ** (-1 / 6)) & (hz < c * 2 ** (1 / 6)) for c in centers], axis=1)
    bands[np.round(centers * window / RATE).astype(int), np.arange(len(centers))] = True
    mid, side = (spectrogram(part, window, window) @ bands for part in
                 (mix.mean(axis=1), 0.5 * (mix[:, 0] - mix[:, 1])))
    level = db(mid.mean(axis=0))
    relative = np.maximum(level - db(mid.mean(axis=0).sum()), -55)
    return np.concatenate([relative, db(mid).std(axis=0), db(side.mean(axis=0)) - level])


def figures_of(mix):
    """All figures of a mix: those made for the lead, and the tonal ones."""
    mid, side = (spectrogram(signal.resample_poly(part, 1, 4)) for part in
                 (mix.mean(axis=1), 0.5 * (mix[:, 0] - mix[:, 1])))
    total = mid[:, BODY].sum(axis=1)
    sounding = total > np.quantile(total, 0.2)
    mid, side, total = mid[sounding], side[sounding], total[sounding]
    body = mid[:, BODY]
    own = melody_figures(mid, side) + partial_figures(body, total) + movement_figures(mid, body, total)
    return [np.clip(np.nan_to_num(np.array(x)), -80, 80) for x in (own, tone_figures(mix))]


def body_db(samples):
    """Power between 300 Hz and 4 kHz, dB."""
    power = np.abs(np.fft.rfft(samples.mean(axis=1))) ** 2
    hz = np.fft.rfftfreq(len(samples), 1 / RATE)
    return db(power[(hz > 300) & (hz < 4000)].sum())


def songs(folder):
    """Group, ratio of lead to rest, and the figures at every level."""
    for path in sorted(folder.glob("*.npz")):
        stored = np.load(path)
        lead, rest = (stored[name].astype(np.float32) / 32_768 for name in ("lead", "rest"))
        if len(lead) < 10 * RATE or min((lead ** 2).mean(), (rest ** 2).mean()) < 1e-10:
            continue
        ratio_db = body_db(lead) - body_db(rest)
        if RATIO_DB[0] <= ratio_db <= RATIO_DB[1]:
            mixes = {level: rest + lead * 10 ** (level / 20) for level in LEVELS_DB}
            yield path.stem.split("~")[0], ratio_db, {
                level: figures_of(0.7 * mix / np.abs(mix).max()) for level, mix in mixes.items()}


def auc(positive, negative):
    """How often a positive stands above a negative."""
    return (positive[:, None] > negative).mean() + 0.5 * (positive[:, None] == negative).mean()


def judged(make, still, moved, groups):
    """AUC, its interval over album groups, and how often a song's moved mix stands above its own still one."""
    low, high = np.zeros(len(groups)), np.zeros(len(groups))
    for group in set(groups):
        held = groups == group
        inputs = np.vstack([still[~held], moved[~held]])
        labels = np.repeat([0, 1], (~held).sum())
        model = make().fit(inputs, labels)
        low[held], high[held] = model.decision_function(still[held]), model.decision_function(moved[held])
    rng, names, drawn = np.random.default_rng(SEED), sorted(set(groups)), []
    for _ in range(DRAWS):
        index = np.concatenate([np.flatnonzero(groups == name) for name in rng.choice(names, len(names))])
        drawn.append(auc(high[index], low[index]))
    return auc(high, low), *np.quantile(drawn, [0.025, 0.975]), (high > low).mean()


def study(folder):
    """Prints the AUC of every model."""
    rows = list(songs(folder))
    groups, ratios = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    own, tone = ({level: np.array([row[2][level][part] for row in rows]) for level in LEVELS_DB} for part in (0, 1))
    both = {level: np.hstack([own[level], tone[level]]) for level in LEVELS_DB}
    print(f"{len(rows)} songs of {len(set(groups))} album groups, lead {np.median(ratios):+.1f} dB of the rest, "
          f"standard deviation {ratios.std():.1f} dB")
    print(f"bound, from the true ratio: {auc(ratios + 6, ratios):.2f}")

    def logistic(strength):
        return lambda: make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=300))

    def stumps():
        return GradientBoostingClassifier(
            n_estimators=60, max_depth=2, subsample=0.7, max_features=0.3, random_state=SEED)

    models = [(f"{name}, logistic {strength}", figures, logistic(strength))
              for name, figures in [("tone", tone), ("lead", own), ("both", both)] for strength in (0.003, 0.03)]
    for name, figures, make in [*models, ("both, boosted trees", both, stumps)]:
        for word, level in [("buried", -6), ("loud", 6)]:
            value, low, high, pair = judged(make, figures[0], figures[level], groups)
            print(f"{name:22} {word:6} AUC {value:.2f} [{low:.2f}, {high:.2f}], against the same song {pair:.2f}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    warnings.filterwarnings("ignore")
    study(Path(sys.argv[1]))
