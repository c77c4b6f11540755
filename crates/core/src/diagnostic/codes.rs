//! Every code of a finding. Each has a page in `docs/errors/`; a test checks both directions.
//!
//! A code is never given a second meaning. `SW00` files, `SW01` form, `SW02` environments, `SW03` services,
//! `SW04` configuration, `SW05` manifests, `SW06` plans, `SW07` charts, `SW08` kustomizations, `SW09` high-level definitions.

macro_rules! codes {
    ($($name:ident = $code:literal, $title:literal;)*) => {
        $(#[doc = $title] pub const $name: &str = $code;)*

        /// Code and title of each, ordered.
        pub const ALL: &[(&str, &str)] = &[$(($code, $title)),*];
    };
}

codes! {
    SYNTAX = "SW0001", "The file is not YAML";
    DUPLICATE_KEY = "SW0002", "A key is given twice";
    FILE_TOO_LARGE = "SW0003", "The file is too large";
    TOO_MANY_DOCUMENTS = "SW0004", "Too many documents in one file";
    TOO_COMPLEX = "SW0005", "The document is too deep or grows too large";
    TOO_MANY_FINDINGS = "SW0006", "Too many findings";

    UNKNOWN_API_VERSION = "SW0101", "Unknown apiVersion";
    UNKNOWN_KIND = "SW0102", "Unknown kind";
    UNKNOWN_KEY = "SW0103", "Unknown key";
    MISSING_KEY = "SW0104", "A key is missing";
    WRONG_TYPE = "SW0105", "Wrong type of value";
    BAD_NAME = "SW0106", "Not a name";
    BAD_DURATION = "SW0107", "Not a duration";
    BAD_AMOUNT = "SW0108", "Not a count or share";
    UNKNOWN_WORD = "SW0109", "Not one of the allowed words";
    OUT_OF_RANGE = "SW0110", "Number or length out of range";
    NOT_A_DECLARATION = "SW0111", "Not a declaration";
    BAD_PATH = "SW0112", "Path leaves the workspace";

    DUPLICATE_NAME = "SW0201", "A name is taken twice";
    REGION_IN_TWO_STAGES = "SW0202", "A region is in two stages";
    UNKNOWN_STAGE = "SW0203", "Unknown stage";
    STAGE_WITHOUT_REGIONS = "SW0204", "A stage has no regions";
    UNKNOWN_REGION_IN_PAIR = "SW0205", "A pair names an unknown region";
    PAIR_IN_ONE_STAGE = "SW0206", "A pair changes in one stage";
    APPROVAL_OF_NOBODY = "SW0207", "An approval by nobody";
    RESERVED_STAGE_NAME = "SW0208", "A stage is named `global`";
    APPROVAL_OUT_OF_REACH = "SW0209", "An approval that can never be given";
    TOO_MANY_CLUSTERS = "SW0210", "Too many clusters";
    ENVIRONMENT_WITHOUT_CLUSTERS = "SW0211", "An environment has no clusters";

    UNKNOWN_SERVICE = "SW0301", "Unknown service";
    SERVICE_CYCLE = "SW0302", "Services depend on each other in a circle";
    EMPTY_SELECTION = "SW0303", "A service goes nowhere";
    UNKNOWN_ENVIRONMENT = "SW0304", "Unknown environment";
    UNKNOWN_REGION = "SW0305", "Unknown region";
    NOTHING_MATCHES = "SW0306", "No cluster has this role or label";
    REGIONS_OF_GLOBAL = "SW0307", "Regions and global clusters in one selection";
    RESERVED_NAMESPACE = "SW0308", "A namespace that belongs to Seaway";
    SOURCE_KEYS = "SW0309", "Keys of a source that do not fit together";
    SOURCE_ADDRESS = "SW0310", "An address that nothing can be fetched from";

    UNKNOWN_CONFIG_KEY = "SW0401", "A value for an unknown configuration key";
    CONFIG_WRONG_TYPE = "SW0402", "A configuration value of the wrong type";
    CONFIG_NOT_ALLOWED = "SW0403", "A configuration value that is not allowed";
    CONFIG_MISSING = "SW0404", "A configuration key has no value on a target";
    CONFIG_UNKNOWN_LAYER = "SW0405", "Values for something that does not exist";
    CONFIG_CONTRADICTION = "SW0406", "A configuration key contradicts itself";
    BAD_CONFIG_KEY = "SW0407", "Not a configuration key";

    UNKNOWN_PLACEHOLDER = "SW0501", "Unknown placeholder";
    BAD_PLACEHOLDER = "SW0502", "Not a placeholder";
    PLACEHOLDER_IN_TEXT = "SW0503", "A map or list inside text";
    INCOMPLETE_OBJECT = "SW0504", "An object without apiVersion, kind or name";
    GENERATED_NAME = "SW0505", "An object without a fixed name";
    DUPLICATE_OBJECT = "SW0506", "Two documents for the same object";
    METADATA_NOT_TEXT = "SW0507", "A label or annotation that is not text";
    OBJECT_IN_RESERVED_NAMESPACE = "SW0508", "An object in Seaway's own namespace";
    BAD_PHASE = "SW0509", "Not a phase";
    FIELD_LEFT_OUT = "SW0510", "A field that the cluster owns is left out";
    TOO_MANY_OBJECTS = "SW0511", "Too many or too large objects";
    BAD_SOURCE_PATH = "SW0512", "A path that cannot be in a source";
    SOURCE_TOO_LARGE = "SW0513", "The source is too large";
    EMPTY_SOURCE = "SW0514", "The source holds no objects";
    NOT_TEXT = "SW0515", "A manifest that is not UTF-8 text";
    NAMESPACE_IGNORED = "SW0516", "A namespace on an object that has none";
    BAD_SCOPE = "SW0517", "Not a scope";
    NO_VALUE_HERE = "SW0518", "A placeholder has no value on a target";
    PATCH = "SW0519", "A patch that cannot be applied";
    PATCH_OF_NOTHING = "SW0520", "A patch that matches nothing";
    SOURCE_NOT_LOCKED = "SW0521", "A source from elsewhere that is not locked";
    SOURCE_NOT_HERE = "SW0522", "A source from elsewhere that is not here";
    SOURCE_DAMAGED = "SW0523", "A copy that is not what was locked";
    EXTERNAL = "SW0524", "An external renderer that gives nothing";
    DRAW_KEY = "SW0525", "A key to draw from that cannot be used";

    PLAN_TOO_LARGE = "SW0601", "The plan file is too large";
    NOT_A_PLAN = "SW0602", "The file is not a plan";
    PLAN_OF_OTHER_VERSION = "SW0603", "A plan of another version";
    PLAN_STEP_NUMBERS = "SW0604", "Steps of a plan are numbered wrongly";
    PLAN_NAMES_TWICE = "SW0605", "A plan names something twice";
    PLAN_CONTENT = "SW0606", "Content of a plan does not have its digest";
    PLAN_BLAST_RADIUS = "SW0607", "A plan allows too much or nothing at once";
    PLAN_STEPS = "SW0608", "Steps of a target are out of order";
    PLAN_REFUSED_CHANGE = "SW0610", "A change that cannot be made";
    PLAN_STAGE_ORDER = "SW0611", "A plan has stages in another order";
    PLAN_BAKE_OR_GATES = "SW0612", "A plan bakes or asks differently";
    PLAN_PAIR = "SW0613", "A plan changes a pair in one stage";

    HELM_CHART = "SW0701", "A chart cannot be used";
    HELM_TEMPLATE = "SW0702", "A template of a chart fails";
    HELM_VALUES = "SW0703", "Values that a chart cannot take";

    KUSTOMIZE_FIELD = "SW0801", "A field of a kustomization cannot be used";
    KUSTOMIZE_PATH = "SW0802", "A kustomization names a path that it cannot have";
    KUSTOMIZE_REMOTE = "SW0803", "A remote source without a locked copy";
    KUSTOMIZE_PLUGIN = "SW0804", "A plugin that is not built in";
    KUSTOMIZE_STEP = "SW0805", "A step of a kustomization cannot be done";
    KUSTOMIZE_TOO_LARGE = "SW0806", "A kustomization grows too large";
    KUSTOMIZE_DEPRECATED = "SW0807", "A deprecated field of a kustomization";

    HLD_NO_COMPONENT = "SW0901", "No component there";
    HLD_UNKNOWN_TYPE = "SW0902", "Unknown type of component";
    HLD_UNUSED = "SW0903", "Configuration without effect";
    HLD_DISABLED_HIDDEN = "SW0904", "A layer hides that a component is disabled";
    HLD_NAMESPACE = "SW0905", "A namespace for a kind that may have none";
    HLD_HOOK = "SW0906", "A hook that is not run";
    HLD_INCOMPLETE_CHART = "SW0907", "A chart without source or path";
    HLD_OUTPUT_TWICE = "SW0908", "Two components make one file";
    HLD_BAD_NAME = "SW0909", "A name that cannot name a file";
    HLD_NOT_LOCKED = "SW0910", "A source that is not locked";
    HLD_NOT_FETCHED = "SW0911", "A source that is not here";
    HLD_ESCAPE = "SW0912", "A path that leaves its repository";
    HLD_CANNOT_MERGE = "SW0913", "Layers that cannot be merged";
    HLD_NOT_AN_OBJECT = "SW0914", "A rendered document that is no object";
    HLD_STATIC = "SW0915", "A folder of manifests that cannot be used";
    HLD_TOO_LARGE = "SW0916", "Definitions that are too large";
    HLD_CIRCLE = "SW0917", "A component above itself";
    HLD_DEPRECATED = "SW0918", "An old spelling";
    HLD_FURTHER_DOCUMENTS = "SW0919", "More than one document";
    HLD_BAD_SOURCE = "SW0920", "A source that cannot be fetched";
    HLD_EDIT = "SW0921", "An edit that cannot be made";
    HLD_BAD_LOCK = "SW0922", "The lock cannot be read";
    HLD_CHART = "SW0923", "A component that cannot be rendered";
}
