//! The protocol: messages and responses, one JSON object a line.

use crate::{Error, Result};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use serde_json::value::RawValue;
use std::cell::RefCell;
use std::fmt;

/// A message of the runner.
#[derive(Debug, Deserialize)]
pub struct Message<'a> {
    /// To be sent back with the response.
    pub id: Json,
    /// What is asked for.
    pub kind: String,
    /// The name of an eval.
    pub module: Option<String>,
    /// The name of a function of the eval.
    pub function: Option<String>,
    /// What the function is to be evaluated at; still text, as only the function knows its form.
    #[serde(borrow)]
    pub input: Option<&'a RawValue>,
}

/// The answer to a message; fields that the kind of message does not ask for are left out.
#[derive(Debug, Default, Serialize)]
pub struct Response {
    /// That of the message.
    pub id: Json,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub timings: Vec<Timing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How long something took.
#[derive(Debug, Serialize)]
pub struct Timing {
    pub name: &'static str,
    pub nanoseconds: u64,
}

impl<'a> Message<'a> {
    /// Reads a line.
    pub fn of(line: &'a [u8]) -> Result<Self> {
        Ok(serde_json::from_slice(line)?)
    }
}

impl Response {
    /// A success without an output.
    pub fn success(id: Json) -> Self {
        Response { id, success: Some(true), ..Response::default() }
    }

    /// A failure, and why.
    pub fn failure(id: Json, error: Error) -> Self {
        Response { id, success: Some(false), error: Some(error.to_string()), ..Response::default() }
    }
}

/// The id of a message that cannot be read, as far as it can be found before the text breaks off; otherwise null.
pub fn id_of(line: &[u8]) -> Json {
    struct Search<'a>(&'a RefCell<Json>);
    impl<'de> Visitor<'de> for Search<'_> {
        type Value = ();
        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("an object with an id")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some(key) = map.next_key::<String>()? {
                if key == "id" {
                    *self.0.borrow_mut() = map.next_value()?;
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(())
        }
    }
    let found = RefCell::new(Json::Null);
    // What is wrong with the text is told by whoever read the whole message.
    let _ = serde_json::Deserializer::from_slice(line).deserialize_map(Search(&found));
    found.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_in_a_message_that_breaks_off() {
        assert_eq!(id_of(br#"{"id": 7, "kind": "evalu"#), 7);
        assert_eq!(id_of(br#"{"kind": 5, "id": 7}"#), 7);
        assert_eq!(id_of(b"what?"), Json::Null);
    }

    #[test]
    fn a_response_has_only_what_it_says() {
        let text = |response: &Response| serde_json::to_string(response).unwrap();
        assert_eq!(text(&Response { id: 3.into(), ..Response::default() }), r#"{"id":3}"#);
        assert_eq!(text(&Response::success(3.into())), r#"{"id":3,"success":true}"#);
    }
}
