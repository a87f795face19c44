//! [`Route`]: what the studio answers to. The table of them is the server's and the OpenAPI document's.

use axum::routing::MethodRouter;

use super::App;

/// One request: method, path, what it does, what goes in and what comes back.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) summary: &'static str,
    /// The schema of the body, or its type where it is bytes.
    pub(crate) body: Option<&'static str>,
    /// Parameters of the query: name, type, whether it has to be there.
    pub(crate) queries: &'static [(&'static str, &'static str, bool)],
    pub(crate) status: &'static str,
    pub(crate) answer: Answer,
    /// Who answers.
    pub(crate) handler: MethodRouter<App>,
}

/// What comes back.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    /// JSON of a schema.
    Json(&'static str),
    /// Bytes of a type.
    Bytes(&'static str),
    Nothing,
}

impl Route {
    /// With a status of its own.
    pub(super) fn with_status(mut self, status: &'static str) -> Self {
        self.status = status;
        self
    }

    /// With a body of this schema or type.
    pub(super) fn with_body(mut self, body: &'static str) -> Self {
        self.body = Some(body);
        self
    }

    /// With parameters in its query.
    pub(super) fn with_queries(
        mut self,
        queries: &'static [(&'static str, &'static str, bool)],
    ) -> Self {
        self.queries = queries;
        self
    }
}

macro_rules! method {
    ($name:ident) => {
        /// A route of this method.
        pub(super) fn $name<H, T>(
            path: &'static str,
            summary: &'static str,
            answer: Answer,
            handler: H,
        ) -> Route
        where
            H: axum::handler::Handler<T, App>,
            T: 'static,
        {
            Route {
                method: stringify!($name),
                path,
                summary,
                body: None,
                queries: &[],
                status: "200",
                answer,
                handler: axum::routing::$name(handler),
            }
        }
    };
}

method!(get);
method!(post);
method!(put);
method!(delete);
