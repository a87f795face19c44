use super::*;
use crate::eval::foreign::Passage;
use crate::eval::statistics::Interval;

fn at(mean: f64) -> Option<Interval> {
    Some(Interval {
        mean,
        low: mean - 0.1,
        high: mean + 0.1,
    })
}

fn report() -> EvalReport {
    EvalReport {
        schema: "",
        version: "",
        input: String::new(),
        weights_hash: String::new(),
        methods: vec![
            (Method::Nothing, "do nothing".to_owned()),
            (Method::Ridge, "ridge".to_owned()),
            (Method::Net, "net".to_owned()),
            (Method::Oracle, "oracle".to_owned()),
            (Method::Tool(0), "other".to_owned()),
        ],
        tools: Vec::new(),
        songs: None,
        pairs: None,
    }
}

fn row(method: Method, severity_db: f64, mid_db: f64) -> SmoothRow {
    SmoothRow {
        method,
        severity_db,
        share: (severity_db > 0.0).then(|| at(mid_db / 4.0)).flatten(),
        errors: ErrorMeans {
            cases: 1,
            mid_db: at(mid_db),
            side_db: None,
            lra_lu: None,
            plr_db: None,
            width_db: None,
            eq_move_db: None,
        },
    }
}

#[test]
fn the_least_error_wins_and_the_oracle_takes_no_part() {
    let rows = [
        row(Method::Nothing, 0.0, 0.0),
        row(Method::Net, 0.0, 9.0),
        row(Method::Nothing, 3.0, 4.0),
        row(Method::Ridge, 3.0, 2.5),
        row(Method::Net, 3.0, 2.0),
        row(Method::Tool(0), 3.0, 3.0),
        row(Method::Oracle, 3.0, 0.1),
    ];
    let text = smooth(&report(), &rows, |errors| errors.mid_db, "dB");
    assert_eq!(
        text,
        "Distance from the untouched song, so lower is better; over all faults, net comes \
         closest (2.00 dB), then ridge (2.50); doing nothing leaves 4.00."
    );
    let text = smooth(&report(), &rows[..2], |errors| errors.mid_db, "dB");
    assert!(text.contains("on untouched songs, net"), "{text}");
    let text = smooth(&report(), &rows, |errors| errors.side_db, "dB");
    assert_eq!(text, "No song has this figure.");
    let text = shares(&report(), &rows);
    assert!(
        text.ends_with("of a fault of 3 dB, net leaves least (0.50)."),
        "{text}"
    );
}

#[test]
fn the_net_is_better_only_where_its_interval_says_so() {
    let row = |against: f64| NetRow {
        severity_db: 4.0,
        improved_share: at(0.97),
        against_nothing_db: at(against),
        against_best_share_db: None,
        against_ridge_db: None,
    };
    assert!(net(&[row(-0.5)]).contains("97 % of the songs closer"));
    assert!(net(&[row(-0.5)]).contains("is surely better"));
    assert!(net(&[row(-0.05)]).contains("is not surely better"));
    assert!(net(&[row(0.5)]).contains("is surely worse"));
    assert!(net(&[]).contains("no faulty song"));
}

#[test]
fn plain_faults_and_passages_name_their_extremes() {
    let row = |fault: Option<Plain>, method: Method, share: f64| PlainRow {
        fault,
        method,
        cases: 3,
        eased_share: at(share),
    };
    let text = plain(
        &report(),
        &[
            row(Some(Plain::Dull), Method::Net, 0.2),
            row(Some(Plain::Thin), Method::Net, 0.6),
            row(None, Method::Net, 0.4),
            row(None, Method::Tool(0), 0.5),
        ],
    );
    assert!(
        text.contains("other eases most on average (50 %)"),
        "{text}"
    );
    assert!(text.contains("best with thin (60 %)"), "{text}");
    assert!(text.contains("worst with dull (20 %)"), "{text}");
    let passage = |passage: Passage, mid_worst_db: f64| ForeignRow {
        passage,
        songs: 2,
        mid_db: at(0.1),
        mid_worst_db,
        side_worst_db: None,
        width_worst_db: None,
        lra_worst_lu: 0.0,
    };
    let rows = [passage(Passage::Talk, 0.2), passage(Passage::Noise, 1.25)];
    let text = foreign(&rows);
    assert!(
        text.contains("1.25 dB") && text.contains("steady noise"),
        "{text}"
    );
}

#[test]
fn deliveries_name_who_keeps_the_target() {
    let row = |method: Method, share: f64, distortion: f64| DeliveryRow {
        method,
        masters: 10,
        compliant_share: at(share),
        loudness_off_lu: at(0.0),
        true_peak_max_dbtp: -1.0,
        distortion_db: at(distortion),
        cpu_median_s: None,
        peak_memory_bytes: None,
    };
    let text = delivery(
        &report(),
        &[
            row(Method::Net, 1.0, -12.0),
            row(Method::Tool(0), 0.2, -20.0),
        ],
    );
    assert!(text.contains("always kept by net"), "{text}");
    assert!(
        text.contains("less than half of the files by other"),
        "{text}"
    );
    assert!(text.contains("that of other (-20.0 dB)"), "{text}");
}
