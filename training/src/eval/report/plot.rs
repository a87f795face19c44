//! The report as a picture: tonal error over severity, and the net's calibration.

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::eval::EvalError;
use crate::eval::methods::Method;
use crate::eval::report::{EvalReport, SongsReport};

/// Size of the picture, pixels.
const SIZE: (u32, u32) = (1100, 460);
/// Room for the marks and names, pixels.
const MARGIN: i32 = 14;

/// Draws the figures over songs; `None` where there are none (pairs).
///
/// # Errors
/// [`EvalError::Plot`] when it cannot be drawn.
pub fn svg(report: &EvalReport) -> Result<Option<String>, EvalError> {
    let Some(songs) = &report.songs else {
        return Ok(None);
    };
    let mut svg = String::new();
    draw(report, songs, &mut svg).map_err(|error| EvalError::Plot(error.to_string()))?;
    Ok(Some(svg))
}

type Drawn = Result<(), Box<dyn std::error::Error>>;

fn draw(report: &EvalReport, songs: &SongsReport, svg: &mut String) -> Drawn {
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let (left, right) = area.split_horizontally(SIZE.0 * 6 / 10);
    draw_severities(report, songs, &left)?;
    draw_calibration(songs, &right)?;
    area.present()?;
    Ok(())
}

fn draw_severities(
    report: &EvalReport,
    songs: &SongsReport,
    area: &DrawingArea<SVGBackend<'_>, Shift>,
) -> Drawn {
    let points = |method: Method| -> Vec<(f64, f64)> {
        songs
            .smooth
            .iter()
            .filter(|row| row.method == method)
            .filter_map(|row| Some((row.severity_db, row.errors.mid_db?.mean)))
            .collect()
    };
    let all: Vec<(f64, f64)> = Method::SMOOTH.into_iter().flat_map(points).collect();
    let largest = |value: fn(&(f64, f64)) -> f64| all.iter().map(value).fold(1.0, f64::max);
    let mut chart = ChartBuilder::on(area)
        .caption(
            "Tonal error of mid, dB, over the severity of the fault, dB RMS",
            ("sans-serif", 16),
        )
        .margin(MARGIN)
        .x_label_area_size(34)
        .y_label_area_size(40)
        .build_cartesian_2d(0.0..largest(|p| p.0), 0.0..1.05 * largest(|p| p.1))?;
    chart
        .configure_mesh()
        .max_light_lines(1)
        .x_desc("severity, dB RMS")
        .y_desc("error, dB")
        .draw()?;
    let colors = [
        RGBColor(120, 120, 120),
        RGBColor(180, 180, 180),
        RGBColor(200, 120, 60),
        RGBColor(220, 170, 60),
        RGBColor(90, 150, 90),
        RGBColor(30, 70, 200),
        RGBColor(150, 60, 150),
    ];
    for (method, color) in Method::SMOOTH.into_iter().zip(colors) {
        let width = if method == Method::Net { 3 } else { 1 };
        let style = color.stroke_width(width);
        chart
            .draw_series(LineSeries::new(points(method), style))?
            .label(report.label(method))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.85))
        .draw()?;
    Ok(())
}

fn draw_calibration(songs: &SongsReport, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Drawn {
    let bins = &songs.calibration.bins;
    let largest = bins
        .iter()
        .flat_map(|bin| [bin.predicted_db, bin.observed_db])
        .fold(1.0, f64::max)
        * 1.05;
    let mut chart = ChartBuilder::on(area)
        .caption(
            "Calibration: error over predicted deviation",
            ("sans-serif", 16),
        )
        .margin(MARGIN)
        .x_label_area_size(34)
        .y_label_area_size(40)
        .build_cartesian_2d(0.0..largest, 0.0..largest)?;
    chart
        .configure_mesh()
        .max_light_lines(1)
        .x_desc("predicted, dB")
        .y_desc("observed, dB (RMS)")
        .draw()?;
    let honest = [(0.0, 0.0), (largest, largest)];
    chart.draw_series(LineSeries::new(honest, RGBColor(170, 170, 170)))?;
    let points = bins.iter().map(|bin| (bin.predicted_db, bin.observed_db));
    chart.draw_series(LineSeries::new(points.clone(), RGBColor(30, 70, 200)))?;
    chart.draw_series(points.map(|point| Circle::new(point, 4, RGBColor(30, 70, 200).filled())))?;
    Ok(())
}
