//! [`Guard`]: who may talk to the studio: its own page in a browser of this machine, and nobody else.
//!
//! Any page that a browser shows can send requests to loopback, and a name that an attacker owns can be made
//! to point there (DNS rebinding). Every request is therefore judged before anything is read of it: the Host
//! is ours, the Origin is ours where there is one, the browser says that it comes from the same site, and what
//! does anything carries the token, which is never part of an address that is sent or logged.

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;
use crate::token::Token;

/// The header that carries the token.
pub(crate) const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-acetate-token");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Everything below it does something, and asks for the token.
const API: &str = "/api/";

/// What every response carries. The policy lets the page load what the binary holds, and nothing else.
const ANSWERED_WITH: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
         worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    ("x-frame-options", "DENY"),
];

/// Judges requests.
#[derive(Clone)]
pub(crate) struct Guard {
    /// `127.0.0.1:PORT`, the only Host that is ours.
    host: String,
    token: Token,
}

impl Guard {
    /// For a server on this port of 127.0.0.1.
    pub(crate) fn new(port: u16, token: Token) -> Self {
        Self {
            host: format!("127.0.0.1:{port}"),
            token,
        }
    }

    /// Refuses what does not come from the studio's own page.
    pub(crate) fn judge(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<(), ApiError> {
        let refuse = |status, what: &str| Err(ApiError::new(status, what));
        let mut hosts = headers.get_all(HOST).iter();
        let is_ours = hosts.next().is_some_and(|host| host == self.host.as_str());
        let authority = uri.authority();
        if !is_ours
            || hosts.next().is_some()
            || authority.is_some_and(|name| name.as_str() != self.host)
        {
            return refuse(
                StatusCode::MISDIRECTED_REQUEST,
                "expected this server's own address as Host, found another: open the address that `acetate studio` printed",
            );
        }
        let foreign =
            |origin: &HeaderValue| origin.as_bytes() != format!("http://{}", self.host).as_bytes();
        if headers.get_all(ORIGIN).iter().any(foreign) {
            return refuse(
                StatusCode::FORBIDDEN,
                "expected a request of the studio's own page, found another origin",
            );
        }
        let elsewhere = |site: &HeaderValue| site != "same-origin" && site != "none";
        if headers.get_all(FETCH_SITE).iter().any(elsewhere) {
            return refuse(
                StatusCode::FORBIDDEN,
                "expected a request of the studio's own page, found one of another site",
            );
        }
        if ![Method::GET, Method::POST, Method::PUT, Method::DELETE].contains(method) {
            return refuse(
                StatusCode::METHOD_NOT_ALLOWED,
                "expected GET, POST, PUT or DELETE, found another method",
            );
        }
        if uri.path().starts_with(API) && !self.has_token(headers) {
            return refuse(
                StatusCode::UNAUTHORIZED,
                "expected the session's token, found none or another: open the whole address that `acetate studio` printed",
            );
        }
        Ok(())
    }

    fn has_token(&self, headers: &HeaderMap) -> bool {
        let mut given = headers.get_all(TOKEN_HEADER).iter();
        let first = given.next();
        given.next().is_none() && first.is_some_and(|value| self.token.is(value.as_bytes()))
    }
}

/// Stands before every route, and puts the policy on every answer.
pub(crate) async fn stand_before(
    State(guard): State<Guard>,
    request: Request,
    next: Next,
) -> Response {
    // Judged before any await: the request's body cannot be shared.
    let judged = guard.judge(request.method(), request.uri(), request.headers());
    let mut response = match judged {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    };
    for (name, value) in ANSWERED_WITH {
        response.headers_mut().insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "127.0.0.1:4000";

    /// The status of a request with these headers, 200 where it may pass.
    fn status(method: Method, path: &str, headers: &[(&'static str, &str)]) -> u16 {
        let guard = Guard::new(4000, Token::from_text("secret"));
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        let uri: Uri = path.parse().unwrap();
        match guard.judge(&method, &uri, &map) {
            Ok(()) => 200,
            Err(error) => error.status().as_u16(),
        }
    }

    #[test]
    fn the_page_is_served_to_its_own_host_alone() {
        assert_eq!(status(Method::GET, "/", &[("host", OURS)]), 200);
        for host in [
            "evil.example",
            "evil.example:4000",
            "localhost:4000",
            "127.0.0.1",
            "127.0.0.1:4001",
            "",
        ] {
            assert_eq!(status(Method::GET, "/", &[("host", host)]), 421, "{host}");
        }
        assert_eq!(status(Method::GET, "/", &[]), 421);
        assert_eq!(
            status(
                Method::GET,
                "/",
                &[("host", OURS), ("host", "evil.example")]
            ),
            421
        );
        assert_eq!(
            status(Method::GET, "http://evil.example/", &[("host", OURS)]),
            421
        );
    }

    #[test]
    fn what_does_anything_asks_for_the_token() {
        let with = |token| {
            status(
                Method::GET,
                "/api/session",
                &[("host", OURS), ("x-acetate-token", token)],
            )
        };
        assert_eq!(status(Method::GET, "/api/session", &[("host", OURS)]), 401);
        assert_eq!(with("secret"), 200);
        for token in ["", "secre", "secret2", "SECRET"] {
            assert_eq!(with(token), 401, "{token}");
        }
        let twice = [
            ("host", OURS),
            ("x-acetate-token", "secret"),
            ("x-acetate-token", "secret"),
        ];
        assert_eq!(status(Method::GET, "/api/session", &twice), 401);
    }

    #[test]
    fn other_sites_are_refused_even_with_the_token() {
        let with = |name, value| {
            let headers = [("host", OURS), ("x-acetate-token", "secret"), (name, value)];
            status(Method::POST, "/api/songs", &headers)
        };
        for origin in [
            "http://evil.example",
            "null",
            "https://127.0.0.1:4000",
            "http://127.0.0.1:4001",
        ] {
            assert_eq!(with("origin", origin), 403, "{origin}");
        }
        assert_eq!(with("origin", "http://127.0.0.1:4000"), 200);
        assert_eq!(with("sec-fetch-site", "cross-site"), 403);
        assert_eq!(with("sec-fetch-site", "same-site"), 403);
        assert_eq!(with("sec-fetch-site", "same-origin"), 200);
    }

    #[test]
    fn a_preflight_of_another_origin_is_refused() {
        let from = [("host", OURS), ("origin", "http://evil.example")];
        assert_eq!(status(Method::OPTIONS, "/api/session", &from), 403);
        assert_eq!(
            status(Method::OPTIONS, "/api/session", &[("host", OURS)]),
            405
        );
    }
}
