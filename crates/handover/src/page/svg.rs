//! [`Plot`]: a chart as SVG whose colors come from the page's style sheet, so that it follows
//! light, dark and paper.

use std::fmt::Write;

use acetate_dsp::units::clock;

/// Size of every chart, user units. Small, so that its letters can be read on a phone.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 230.0;
/// Room around the drawing, user units.
const LEFT: f64 = 42.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 38.0;

/// Values along one side of a chart.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    from: f64,
    to: f64,
    logarithmic: bool,
    /// Value and label of each tick.
    ticks: Vec<(f64, String)>,
    unit: String,
}

impl Axis {
    /// Evenly divided, with ticks at round steps.
    pub(crate) fn linear(from: f64, to: f64, unit: &str) -> Self {
        let to = if to > from { to } else { from + 1.0 };
        let step = round_step(to - from, 6.0);
        let first = (from / step - 1e-9).ceil() as i64;
        let last = (to / step + 1e-9).floor() as i64;
        let ticks = (first..=last)
            .map(|index| {
                let value = index as f64 * step;
                (value, trimmed(value))
            })
            .collect();
        Self {
            from,
            to,
            logarithmic: false,
            ticks,
            unit: unit.to_owned(),
        }
    }

    /// Time from the start, labeled in minutes and seconds.
    pub(crate) fn time(length_s: f64) -> Self {
        let length_s = length_s.max(0.1);
        let steps = [
            0.02, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0,
        ];
        let step = steps.into_iter().find(|step| length_s / step <= 7.0);
        let step = step.unwrap_or((length_s / 6.0 / 600.0).ceil() * 600.0);
        let decimals = match step {
            ..0.1 => 2,
            ..1.0 => 1,
            _ => 0,
        };
        let ticks = (0..=(length_s / step) as usize)
            .map(|index| {
                let at_s = index as f64 * step;
                (at_s, clock(at_s, decimals))
            })
            .collect();
        Self {
            from: 0.0,
            to: length_s,
            logarithmic: false,
            ticks,
            unit: "min:s".to_owned(),
        }
    }

    /// Frequency, 25 Hz to 20 kHz.
    pub(crate) fn frequency() -> Self {
        let ticks = [
            (30.0, "30"),
            (100.0, "100"),
            (300.0, "300"),
            (1e3, "1k"),
            (3e3, "3k"),
            (1e4, "10k"),
        ];
        Self {
            from: 25.0,
            to: 20_000.0,
            logarithmic: true,
            ticks: ticks.map(|(hz, label)| (hz, label.to_owned())).into(),
            unit: "Hz".to_owned(),
        }
    }

    fn share(&self, value: f64) -> f64 {
        let place = |v: f64| if self.logarithmic { libm::log10(v) } else { v };
        (place(value) - place(self.from)) / (place(self.to) - place(self.from))
    }
}

/// A step of 1, 2 or 5 times a power of ten that divides a span into at most `most` parts.
fn round_step(span: f64, most: f64) -> f64 {
    let decade = libm::pow(10.0, libm::floor(libm::log10(span / most)));
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * decade)
        .find(|step| span / step <= most)
        .unwrap_or(10.0 * decade)
}

fn trimmed(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

/// A chart being drawn.
pub(crate) struct Plot {
    x: Axis,
    y: Axis,
    body: String,
}

impl Plot {
    pub(crate) fn new(x: Axis, y: Axis) -> Self {
        Self {
            x,
            y,
            body: String::new(),
        }
    }

    fn point(&self, x: f64, y: f64) -> (f64, f64) {
        let across = self.x.share(x).clamp(0.0, 1.0);
        let up = self.y.share(y).clamp(0.0, 1.0);
        (
            LEFT + across * (WIDTH - LEFT - RIGHT),
            TOP + (1.0 - up) * (HEIGHT - TOP - BOTTOM),
        )
    }

    fn path(&self, points: &[(f64, f64)]) -> String {
        let mut path = String::new();
        let mut pen_is_down = false;
        for &(x, y) in points {
            if !(x.is_finite() && y.is_finite()) {
                pen_is_down = false;
                continue;
            }
            let (left, top) = self.point(x, y);
            let verb = if pen_is_down { 'L' } else { 'M' };
            let _ = write!(path, "{verb}{left:.1} {top:.1}");
            pen_is_down = true;
        }
        path
    }

    /// A line through points; it is broken where a value is not finite.
    pub(crate) fn line(&mut self, points: &[(f64, f64)], class: &str) {
        let path = self.path(points);
        if !path.is_empty() {
            let _ = write!(self.body, r#"<path class="line {class}" d="{path}"/>"#);
        }
    }

    /// A line that is called by its name where its values are shown.
    pub(crate) fn named_line(&mut self, points: &[(f64, f64)], class: &str, name: &str) {
        let path = self.path(points);
        if !path.is_empty() {
            let name = crate::html::escape(name);
            let _ = write!(
                self.body,
                r#"<path class="line {class}" data-name="{name}" d="{path}"/>"#
            );
        }
    }

    /// The area between two lines over the same points: x, lower, upper.
    pub(crate) fn band(&mut self, points: &[(f64, f64, f64)], class: &str) {
        let upper = points.iter().map(|&(x, _, high)| (x, high));
        let lower = points.iter().rev().map(|&(x, low, _)| (x, low));
        let outline: Vec<(f64, f64)> = upper.chain(lower).collect();
        let path = self.path(&outline);
        if !path.is_empty() {
            let _ = write!(self.body, r#"<path class="area {class}" d="{path}Z"/>"#);
        }
    }

    /// A level line across the chart.
    pub(crate) fn level(&mut self, y: f64, class: &str) {
        let (from, to) = (self.x.from, self.x.to);
        self.line(&[(from, y), (to, y)], class);
    }

    /// Shades a range of x.
    pub(crate) fn shade(&mut self, from: f64, to: f64, class: &str) {
        let (low, high) = (self.y.from, self.y.to);
        self.band(&[(from, low, high), (to, low, high)], class);
    }

    /// A name at the upper edge, centered over a range of x.
    pub(crate) fn name(&mut self, from: f64, to: f64, name: &str) {
        let (left, top) = self.point(0.5 * (from + to), self.y.to);
        let name = crate::html::escape(name);
        let _ = write!(
            self.body,
            r#"<text class="mid" x="{left:.1}" y="{:.1}">{name}</text>"#,
            top + 13.0
        );
    }

    /// The chart with its grid. `title` is what a screen reader says.
    pub(crate) fn finish(self, title: &str) -> String {
        let bottom = HEIGHT - BOTTOM;
        // Values and where they lie, for a page that shows what is under the pointer.
        let mut svg = format!(
            r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{}" data-x="{} {} {LEFT} {}" data-x-log="{}" data-x-unit="{}" data-y="{} {} {bottom} {TOP}" data-y-unit="{}">"#,
            crate::html::escape(title),
            self.x.from,
            self.x.to,
            WIDTH - RIGHT,
            u8::from(self.x.logarithmic),
            self.x.unit,
            self.y.from,
            self.y.to,
            self.y.unit,
        );
        for (value, label) in &self.y.ticks {
            let (_, top) = self.point(self.x.from, *value);
            let _ = write!(
                svg,
                r#"<path class="grid" d="M{LEFT} {top:.1}H{:.1}"/><text class="end" x="{:.1}" y="{:.1}">{label}</text>"#,
                WIDTH - RIGHT,
                LEFT - 5.0,
                top + 4.0,
            );
        }
        for (value, label) in &self.x.ticks {
            let (left, _) = self.point(*value, self.y.from);
            let _ = write!(
                svg,
                r#"<path class="grid" d="M{left:.1} {TOP}V{bottom}"/><text class="mid" x="{left:.1}" y="{:.1}">{label}</text>"#,
                bottom + 18.0,
            );
        }
        let _ = write!(
            svg,
            r#"{}<text class="end unit" x="{:.1}" y="{:.1}">{}</text><text class="unit" x="2" y="{:.1}">{}</text></svg>"#,
            self.body,
            WIDTH - RIGHT,
            HEIGHT - 4.0,
            self.x.unit,
            HEIGHT - 4.0,
            self.y.unit,
        );
        svg
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_stand_at_round_values_within_the_axis() {
        let axis = Axis::linear(-43.0, -6.0, "LUFS");
        let labels: Vec<&str> = axis.ticks.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(labels, ["-40", "-30", "-20", "-10"]);
        let labels: Vec<String> = Axis::time(245.0).ticks.into_iter().map(|t| t.1).collect();
        assert_eq!(labels, ["0:00", "1:00", "2:00", "3:00", "4:00"]);
    }

    #[test]
    fn a_line_is_broken_where_there_is_no_value_and_clipped_to_the_chart() {
        let mut plot = Plot::new(Axis::linear(0.0, 1.0, ""), Axis::linear(0.0, 1.0, ""));
        plot.line(&[(0.0, 0.5), (0.5, f64::NAN), (1.0, 9.0)], "after");
        let svg = plot.finish("a & b");
        assert_eq!(svg.matches('M').count() - svg.matches("grid").count(), 2);
        assert!(
            svg.contains(&format!("M{:.1} {TOP:.1}", WIDTH - RIGHT)),
            "{svg}"
        );
        assert!(svg.contains("a &amp; b"));
    }
}
