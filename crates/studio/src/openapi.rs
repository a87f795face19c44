//! The OpenAPI document: what `page` and others may ask of the studio. A test holds it to the routes.

use acetate_master::Report;
use acetate_master::report::Failure;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::routes::{Curves, SessionView, Turned};
use crate::session::{Ask, Event, PassageFacts, SongView, Turn};

/// One request: method, path, what it does, the schema of its body, status and schema of its answer.
struct Operation {
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    body: Option<&'static str>,
    status: &'static str,
    answer: Answer,
}

/// What comes back.
#[derive(Clone, Copy)]
enum Answer {
    /// JSON of a schema.
    Json(&'static str),
    /// Bytes of a type.
    Bytes(&'static str),
    Nothing,
}

const fn get(path: &'static str, summary: &'static str, answer: Answer) -> Operation {
    Operation {
        method: "get",
        path,
        summary,
        body: None,
        status: "200",
        answer,
    }
}

const OPERATIONS: &[Operation] = &[
    get("/", "The page.", Answer::Bytes("text/html")),
    get(
        "/assets/{name}",
        "A file of the page.",
        Answer::Bytes("text/javascript"),
    ),
    get(
        "/take/{ticket}",
        "A file, once, by the address that /api/songs/{id}/files/{kind} gave; asks for no token.",
        Answer::Bytes("application/octet-stream"),
    ),
    get("/api/openapi.json", "This document.", Answer::Json("Any")),
    get(
        "/api/session",
        "The songs that are open, targets, parameters.",
        Answer::Json("SessionView"),
    ),
    get(
        "/api/events",
        "What happens, as server-sent events of the schema Event. When the last listener goes, renders are dropped.",
        Answer::Bytes("text/event-stream"),
    ),
    Operation {
        method: "post",
        path: "/api/songs",
        summary: "Opens a song: the body is its sound file.",
        body: Some("application/octet-stream"),
        status: "201",
        answer: Answer::Json("SongView"),
    },
    get("/api/songs/{id}", "A song.", Answer::Json("SongView")),
    Operation {
        method: "delete",
        path: "/api/songs/{id}",
        summary: "Closes a song.",
        body: None,
        status: "204",
        answer: Answer::Nothing,
    },
    Operation {
        method: "put",
        path: "/api/songs/{id}/turn",
        summary: "Sets the knobs; a master is made once they rest.",
        body: Some("Turn"),
        status: "200",
        answer: Answer::Json("Turned"),
    },
    Operation {
        method: "post",
        path: "/api/songs/{id}/passage",
        summary: "A passage as the knobs stand: 32-bit floats, little-endian, one channel after the other. The header x-acetate-passage has PassageFacts.",
        body: Some("Ask"),
        status: "200",
        answer: Answer::Bytes("application/octet-stream"),
    },
    get(
        "/api/songs/{id}/sound/{sound}",
        "Samples of mix, master or unlimited: 32-bit floats, little-endian, one channel after the other.",
        Answer::Bytes("application/octet-stream"),
    ),
    get(
        "/api/songs/{id}/outline/{sound}",
        "Lowest and highest sample of each outline_frames frames: 16-bit pairs, little-endian.",
        Answer::Bytes("application/octet-stream"),
    ),
    get(
        "/api/songs/{id}/curves",
        "Loudness and gain reduction over the song.",
        Answer::Json("Curves"),
    ),
    get(
        "/api/songs/{id}/report",
        "The report of the master, as `acetate master --json` prints it.",
        Answer::Json("Report"),
    ),
    Operation {
        method: "post",
        path: "/api/songs/{id}/files/{kind}",
        summary: "An address from which master, settings, certificate or report can be fetched once.",
        body: None,
        status: "200",
        answer: Answer::Json("Any"),
    },
];

/// Parameters of a request's query: path, name, type, whether it has to be there.
const QUERIES: &[(&str, &str, &str, bool)] = &[
    ("/api/songs", "name", "string", true),
    ("/api/songs/{id}/sound/{sound}", "from", "integer", true),
    ("/api/songs/{id}/sound/{sound}", "frames", "integer", true),
    (
        "/api/songs/{id}/sound/{sound}",
        "revision",
        "integer",
        false,
    ),
    (
        "/api/songs/{id}/outline/{sound}",
        "revision",
        "integer",
        false,
    ),
];

/// The document.
pub(crate) fn document() -> Value {
    let mut paths = Map::new();
    for operation in OPERATIONS {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(operation.method.to_owned(), described(operation));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "acetate studio",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Served on 127.0.0.1 alone. Everything below /api asks for the header x-acetate-token.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "token": { "type": "apiKey", "in": "header", "name": "x-acetate-token" },
            },
        },
    })
}

fn described(operation: &Operation) -> Value {
    let content = |kind: &str, schema: Value| json!({ kind: { "schema": schema } });
    let of = |name: &str| match name {
        "Any" => json!({}),
        name => json!({ "$ref": format!("#/components/schemas/{name}") }),
    };
    let bytes = json!({ "type": "string", "format": "binary" });
    let mut answer = json!({ "description": operation.summary });
    match operation.answer {
        Answer::Json(name) => answer["content"] = content("application/json", of(name)),
        Answer::Bytes(kind) => answer["content"] = content(kind, bytes.clone()),
        Answer::Nothing => {}
    }
    let failure = json!({
        "description": "Why not.",
        "content": content("application/json", of("Failure")),
    });
    let mut described = json!({
        "summary": operation.summary,
        "parameters": parameters(operation.path),
        "responses": { operation.status: answer, "default": failure },
    });
    match operation.body {
        Some(kind) if kind.contains('/') => {
            described["requestBody"] = json!({ "required": true, "content": content(kind, bytes) });
        }
        Some(name) => {
            let content = content("application/json", of(name));
            described["requestBody"] = json!({ "required": true, "content": content });
        }
        None => {}
    }
    if operation.path.starts_with("/api/") {
        described["security"] = json!([{ "token": [] }]);
    }
    described
}

fn parameters(path: &str) -> Vec<Value> {
    let names = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let in_path = names.map(|name| {
        let kind = if name == "id" { "integer" } else { "string" };
        json!({ "name": name, "in": "path", "required": true, "schema": { "type": kind } })
    });
    let queries = QUERIES.iter().filter(|(of, ..)| *of == path);
    let in_query = queries.map(|(_, name, kind, required)| {
        json!({ "name": name, "in": "query", "required": required, "schema": { "type": kind } })
    });
    in_path.chain(in_query).collect()
}

/// The schemas of everything that is sent, by name, with what they refer to.
fn schemas() -> Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = SchemaGenerator::new(settings);
    fn add<T: JsonSchema>(generator: &mut SchemaGenerator) {
        generator.subschema_for::<T>();
    }
    add::<SessionView>(&mut generator);
    add::<SongView>(&mut generator);
    add::<Turn>(&mut generator);
    add::<Turned>(&mut generator);
    add::<Ask>(&mut generator);
    add::<PassageFacts>(&mut generator);
    add::<Curves>(&mut generator);
    add::<Event>(&mut generator);
    add::<Report>(&mut generator);
    add::<Failure>(&mut generator);
    Value::Object(generator.take_definitions(true))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_document_has_every_route_and_no_other() {
        let served: BTreeSet<(&str, &str)> = crate::routes::routes()
            .into_iter()
            .map(|(method, path, _)| (method, path))
            .collect();
        let told = OPERATIONS
            .iter()
            .map(|operation| (operation.method, operation.path));
        assert_eq!(served, told.collect());
    }

    #[test]
    fn every_schema_that_the_document_refers_to_is_in_it() {
        let document = document();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let text = document.to_string();
        for part in text.split("#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name}");
        }
        assert!(schemas.contains_key("Report") && schemas.contains_key("Turn"));
    }
}
