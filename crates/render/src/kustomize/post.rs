//! What patches of a service take from this engine: they are the patches of a kustomization, on objects of any source.

pub(crate) use super::{
    budget::{Budget, WORK_MAX},
    fault::{Fault, Outcome},
    ident::Gvk,
    json::{from_json_exact, to_json},
    json_patch::decode as decode_operations,
    load::{Folder, RemoteSources},
    node::{Field, Key, Node, Shape, Tag},
    patch_files::patch,
    resource::Resource,
    schema::Schema,
    set::Set,
    settings::{Patch as Settings, Selector},
    transform::{
        Context,
        patches::{Form, Ready},
    },
};
