//! Every door that somebody else could try.

use crate::wire::Running;

/// Method, path, headers, and the status that has to come.
type Try<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], u16);

#[test]
fn somebody_elses_requests_are_refused_and_told_nothing() {
    let studio = Running::new(&[]);
    let (host, token) = (studio.host.as_str(), studio.token.as_str());
    let ours = ("Host", host);
    let with_token = ("X-Acetate-Token", token);
    let port = host.rsplit(':').next().unwrap();
    let named = format!("localhost:{port}");
    let page = format!("http://{host}");
    let table: &[Try<'_>] = &[
        ("GET", "/", &[ours], 200),
        ("GET", "/", &[("Host", "evil.example")], 421),
        ("GET", "/", &[("Host", &named)], 421),
        ("GET", "/assets/main.js", &[ours], 200),
        ("GET", "/assets/..%2f..%2fetc%2fpasswd", &[ours], 404),
        ("GET", "/../../etc/passwd", &[ours], 404),
        ("GET", "/api/session", &[ours], 401),
        (
            "GET",
            "/api/session",
            &[ours, ("X-Acetate-Token", "0")],
            401,
        ),
        ("GET", &format!("/api/session?token={token}"), &[ours], 401),
        (
            "GET",
            "/api/session",
            &[ours, ("Cookie", &format!("token={token}"))],
            401,
        ),
        ("GET", "/api/session", &[ours, with_token], 200),
        (
            "GET",
            "/api/session",
            &[ours, with_token, ("Origin", &page)],
            200,
        ),
        (
            "GET",
            "/api/session",
            &[ours, with_token, ("Origin", "http://evil.example")],
            403,
        ),
        (
            "GET",
            "/api/session",
            &[ours, with_token, ("Origin", "null")],
            403,
        ),
        (
            "GET",
            "/api/session",
            &[ours, with_token, ("Sec-Fetch-Site", "cross-site")],
            403,
        ),
        (
            "GET",
            "/api/session",
            &[("Host", "evil.example"), with_token],
            421,
        ),
        ("GET", "/", &[ours, ("Sec-Fetch-Site", "cross-site")], 403),
        (
            "OPTIONS",
            "/api/songs",
            &[ours, ("Origin", "http://evil.example")],
            403,
        ),
        ("OPTIONS", "/api/songs", &[ours], 405),
        ("POST", "/api/songs?name=x.wav", &[ours], 401),
        ("GET", "/api/events", &[ours], 401),
        ("GET", "/take/0", &[ours], 404),
        ("GET", "/api/nothing", &[ours, with_token], 404),
        ("TRACE", "/", &[ours], 405),
    ];
    for (method, path, headers, status) in table {
        let answer = studio.raw(method, path, headers, b"");
        assert_eq!(
            answer.status,
            *status,
            "{method} {path} {headers:?}: {}",
            answer.text()
        );
        let told = format!("{:?} {}", answer.headers, answer.text());
        assert!(!told.contains("access-control"), "no CORS: {told}");
        assert!(!told.contains(token) && !told.contains("/tmp"), "{told}");
        let policy = answer.headers.get("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    }
}

#[test]
fn bodies_that_are_too_large_or_no_settings_are_refused() {
    let studio = Running::new(&[]);
    let large = format!("{{\"words\": \"{}\"}}", "x".repeat(100_000));
    let answer = studio.ask("PUT", "/api/songs/1/turn", large.as_bytes());
    assert_eq!(answer.status, 413);
    let answer = studio.ask("PUT", "/api/songs/1/turn", b"{\"kick\": 1}");
    assert_eq!(answer.status, 422);
    let answer = studio.ask("PUT", "/api/songs/1/turn", b"{}");
    assert_eq!(answer.status, 404, "{}", answer.text());
}

#[test]
fn nothing_listens_beyond_loopback() {
    let studio = Running::new(&[]);
    assert!(studio.host.starts_with("127.0.0.1:"));
    let port = studio.host.rsplit(':').next().unwrap();
    // Another address of this very machine.
    assert!(std::net::TcpStream::connect(format!("127.0.0.2:{port}")).is_err());
}

#[test]
fn every_address_below_api_holds_the_same_doors() {
    let studio = Running::new(&[]);
    let document = studio.get("/api/openapi.json").json();
    let ours = ("Host", studio.host.as_str());
    let with_token = ("X-Acetate-Token", studio.token.as_str());
    let evil = ("Origin", "http://evil.example");
    let cross = ("Sec-Fetch-Site", "cross-site");
    let mut tried = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.replace("{id}", "1");
        for method in methods.as_object().unwrap().keys() {
            let method = method.to_uppercase();
            let status = |headers: &[(&str, &str)]| {
                studio
                    .raw(&method, &path.replace(['{', '}'], ""), headers, b"{}")
                    .status
            };
            assert_eq!(
                status(&[("Host", "evil.example"), with_token]),
                421,
                "{path}"
            );
            assert_eq!(status(&[ours, with_token, evil]), 403, "{method} {path}");
            assert_eq!(status(&[ours, with_token, cross]), 403, "{method} {path}");
            if path.starts_with("/api/") {
                assert_eq!(status(&[ours]), 401, "{method} {path}");
                tried += 1;
            }
        }
    }
    assert!(tried > 25, "{tried}");
}
