//! The OpenAPI document: what `page` and others may ask of the studio, written from the table of routes.

use acetate_master::Report;
use acetate_master::report::Failure;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::routes::{Answer, Curves, OrderAsked, Route, SessionView, Sessions, Turned};
use crate::session::{AlbumAsked, AlbumView, Ask, Event, PassageFacts, Slots, SongView, Turn};

/// The document.
pub(crate) fn document(routes: &[Route]) -> Value {
    let mut paths = Map::new();
    for operation in routes {
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

fn described(operation: &Route) -> Value {
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
        "parameters": parameters(operation),
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

fn parameters(operation: &Route) -> Vec<Value> {
    let names = (operation.path)
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let in_path = names.map(|name| {
        let kind = if ["id", "reference"].contains(&name) {
            "integer"
        } else {
            "string"
        };
        json!({ "name": name, "in": "path", "required": true, "schema": { "type": kind } })
    });
    let in_query = operation.queries.iter().map(|(name, kind, required)| {
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
    add::<Slots>(&mut generator);
    add::<OrderAsked>(&mut generator);
    add::<AlbumAsked>(&mut generator);
    add::<AlbumView>(&mut generator);
    add::<Sessions>(&mut generator);
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
    use super::*;

    #[test]
    fn every_schema_that_the_document_refers_to_is_in_it() {
        let document = document(&crate::routes::routes());
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let text = document.to_string();
        for part in text.split("#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name}");
        }
        assert!(schemas.contains_key("Report") && schemas.contains_key("Turn"));
    }
}
