//! What a run asked of the API servers, by their audit logs.

use std::collections::BTreeMap;

use seaway_testbed::{AuditEvent, AuditMark, Cluster};

use crate::bench::{Clusters, Row, Unit};

/// Places in the audit logs of all clusters.
pub(super) struct Marks(Vec<AuditMark>);

impl Marks {
    pub(super) fn now(clusters: &Clusters) -> anyhow::Result<Self> {
        clusters.all().iter().map(Cluster::audit_mark).collect::<anyhow::Result<_>>().map(Self)
    }

    /// What came from outside the clusters since then.
    pub(super) fn requests(&self, clusters: &Clusters) -> anyhow::Result<Requests> {
        let of = |(cluster, mark): (&Cluster, &AuditMark)| {
            let mut events = cluster.audit_since(*mark)?;
            events.retain(|event| !event.is_internal());
            Ok(events)
        };
        clusters.all().iter().zip(&self.0).map(of).collect::<anyhow::Result<_>>().map(Requests)
    }

    /// What the clusters' own parts did since then, by cluster.
    pub(super) fn internal(&self, clusters: &Clusters) -> anyhow::Result<Vec<Vec<AuditEvent>>> {
        let of = |(cluster, mark): (&Cluster, &AuditMark)| {
            let mut events = cluster.audit_since(*mark)?;
            events.retain(AuditEvent::is_internal);
            Ok(events)
        };
        clusters.all().iter().zip(&self.0).map(of).collect()
    }
}

/// Requests by cluster.
pub(super) struct Requests(pub(super) Vec<Vec<AuditEvent>>);

impl Requests {
    /// Requests that changed something or tried to, on all clusters.
    pub(super) fn writes(&self) -> usize {
        self.0.iter().flatten().filter(|event| event.is_write()).count()
    }

    /// The most on one cluster of those for which this is true.
    pub(super) fn most(&self, is_it: impl Fn(&AuditEvent) -> bool) -> usize {
        self.0.iter().map(|events| events.iter().filter(|event| is_it(event)).count()).max().unwrap_or(0)
    }

    /// The most lists of one kind on one cluster; lists of inventories are not counted.
    pub(super) fn lists_of_one_kind(&self) -> usize {
        let most = |events: &Vec<AuditEvent>| {
            let mut lists: BTreeMap<(&str, &str), usize> = BTreeMap::new();
            for object in events.iter().filter(|event| is_list(event)).filter_map(|event| event.object.as_ref()) {
                *lists.entry((&object.group, &object.resource)).or_default() += 1;
            }
            lists.into_values().max().unwrap_or(0)
        };
        self.0.iter().map(most).max().unwrap_or(0)
    }

    /// One row for each thing that is asked, for the cluster that was asked most.
    pub(super) fn rows(&self, case: &str, kinds: usize) -> Vec<Row> {
        let row = |what: &str, count: usize| {
            Row::one(case, &format!("requests to one cluster: {what}"), Unit::Count, count as f64)
        };
        vec![
            row("list", self.most(is_list)).note(format!("{kinds} kinds")),
            row("lists of one kind", self.lists_of_one_kind()),
            row("get of an object", self.most(is_get)),
            row("watch", self.most(|event| event.verb == "watch")),
            row("discovery", self.most(is_discovery)),
            row("dry run", self.most(AuditEvent::is_dry_run)),
            row("write", self.most(AuditEvent::is_write)),
        ]
    }

    /// The same for a run that had nothing to do, with its goals.
    pub(super) fn rows_of_noop(&self, case: &str, kinds: usize) -> Vec<Row> {
        let goals = [None, Some(1.0), Some(0.0), None, None, Some(0.0), Some(0.0)];
        let rows = self.rows(case, kinds).into_iter().zip(goals);
        rows.map(|(row, goal)| goal.map_or_else(|| row.clone(), |goal| row.clone().goal(goal))).collect()
    }
}

/// The inventory is the one object that may be asked for by itself.
fn is_inventory(event: &AuditEvent) -> bool {
    event.object.as_ref().is_some_and(|object| object.namespace == "seaway-system")
}

fn is_list(event: &AuditEvent) -> bool {
    event.verb == "list" && !is_inventory(event)
}

fn is_get(event: &AuditEvent) -> bool {
    event.verb == "get" && event.object.is_some() && !is_inventory(event)
}

/// Questions for what the server can do: paths that are no objects.
fn is_discovery(event: &AuditEvent) -> bool {
    event.verb == "get" && event.object.is_none()
}

#[cfg(test)]
mod tests {
    use seaway_testbed::AuditObject;

    use super::*;

    fn event(verb: &str, resource: &str, namespace: &str) -> AuditEvent {
        let object = AuditObject { resource: resource.into(), namespace: namespace.into(), ..AuditObject::default() };
        AuditEvent {
            id: String::new(),
            stage: "ResponseComplete".into(),
            verb: verb.into(),
            user: "admin".into(),
            user_agent: "seaway/0".into(),
            request_uri: "/x".into(),
            object: (!resource.is_empty()).then_some(object),
            response_code: Some(200),
            received_micros: 0,
            stage_micros: 0,
        }
    }

    #[test]
    fn requests_are_counted_by_what_they_ask() {
        let busy = vec![
            event("list", "configmaps", ""),
            event("list", "configmaps", "seaway-system"),
            event("list", "configmaps", "shop"),
            event("list", "services", ""),
            event("get", "configmaps", "seaway-system"),
            event("get", "services", "shop"),
            event("get", "", ""),
            event("patch", "services", "shop"),
            event("create", "configmaps", "seaway-system"),
        ];
        let requests = Requests(vec![vec![event("list", "configmaps", "")], busy]);
        assert_eq!((requests.lists_of_one_kind(), requests.writes()), (2, 2));
        let counts = [requests.most(is_list), requests.most(is_get), requests.most(is_discovery)];
        assert_eq!(counts, [3, 1, 1]);
    }
}
