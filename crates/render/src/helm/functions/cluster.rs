//! What Helm asks the cluster and the network: the given inventory, and nothing.

use super::arguments::text;
use super::{Context, Function, Takes};
use crate::helm::fault::Answer;
use crate::helm::value::{Map, Value};

use Takes::Text;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("lookup", &[Text, Text, Text, Text], lookup),
    Function::new("getHostByName", &[Text], |_, _| Ok("".into())),
];

fn lookup(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let found = context.inventory().map(|inventory| -> Answer<Value> {
        let [api_version, kind, namespace, name] = [text(a, 0)?, text(a, 1)?, text(a, 2)?, text(a, 3)?];
        Ok(inventory.lookup(&api_version.text(), &kind.text(), &namespace.text(), &name.text()))
    });
    match found.transpose()? {
        None | Some(Value::Nil) => Ok(Map::new().into()),
        Some(value) => Ok(value),
    }
}
