/// The field tables of the served kinds, one type after the other, in a text that `Schema` reads.
///
///     # core io.k8s.api.core.v1          the types below belong here; other sections say core.Pod
///     Container                          a trailing @: written and owned as a whole (atomic)
///       name!:str                        ! required
///       args:[str]  limits:{quantity}    [list]  {map}
///       env:[EnvVar]*name&               *keys: a list that is a map by these keys; * alone: a set
///                                        & strategic merge, by the first key or the one named after it; % retains only the patched keys
///       image:str=2  exec:ExecAction=1.1 =number in the protobuf encoding; 1.1 lies in a message that JSON does not show
///
/// Types: str int32 int64 num bool bytes time micro intstr quantity any, or a type's name.
enum SchemaText {
    static let all = [meta, pods, volumes, core, groups]
}
