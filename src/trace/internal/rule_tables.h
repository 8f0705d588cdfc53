// The declarative tables behind rules.h: what types, kinds, refs and members of events mean. A new
// kind of event is an entry here; README.md explains them to those who write events.
#pragma once

#include <string_view>

#include "trace/rules.h"

namespace stetig::trace::internal {

using std::string_view;

/// Types of subjects that are nodes under their own name and id.
inline constexpr string_view kNodeTypes[] = {
    "goal",
    "requirement",
    "requirement_version",
    "task",
    "change_request",
    "feedback",
    "commit",
    "merge_request",
    "ci_run",
    "experiment",
    "run",
    "pipeline_run",
    "logged_model",
    "registered_model",
    "model_version",
    "alias",
    "dataset_version",
    "gate_result",
    "approval",
    "release",
    "deployment",
    "environment",
    "window",
    "alert",
    "incident",
    "service_level",
    "decision",
    "review",
};

/// A subject that is a node of another name; its id is made of members of the payload.
struct SubjectRule {
  string_view subject;
  string_view node_type;
  string_view first;
  string_view second;  ///< id = first "/" second
};
inline constexpr SubjectRule kSubjects[] = {{"dataset", "dataset_version", "name", "digest"}};

/// The status that a kind of event means by itself. A payload's "status" goes before.
struct StatusRule {
  string_view kind;
  string_view status;
};
inline constexpr StatusRule kStatus[] = {
    {"experiment.created", "active"},    {"run.created", "running"},
    {"logged_model.created", "pending"}, {"approval.given", "given"},
    {"approval.withdrawn", "withdrawn"}, {"alert.fired", "firing"},
    {"alert.resolved", "resolved"},      {"change_request.opened", "open"},
    {"change_request.closed", "closed"},
};

/// Asserted links of these types are said from the later thing's side; here they lead the way of
/// the work, under the other name.
struct TurnedRule {
  string_view said;
  string_view kept;
};
inline constexpr TurnedRule kTurned[] = {{"implements", "implemented_by"},
                                         {"satisfies", "satisfied_by"},
                                         {"refines", "refined_by"},
                                         {"uses", "used_by"},
                                         {"covered_by", "covers"}};

/// Subjects that people name by a payload's "key", too: it becomes a second id.
inline constexpr string_view kKeyed[] = {"requirement",   "task",     "change_request", "feedback",
                                         "service_level", "decision", "review"};

/// A change of the status to `status` is an approval by the event's actor: node approval
/// "<type>/<id>/<version>", which approves the subject.
struct ApprovalRule {
  string_view subject;
  string_view status;
};
inline constexpr ApprovalRule kApprovals[] = {{"requirement", "approved"},
                                              {"change_request", "approved"}};

/// A numbered text of the subject: node "<id>/<payload.version>" of `version_type`, and the edge
/// from it to the subject; an edge of an older version ends.
struct VersionRule {
  string_view subject;
  string_view version_type;
  string_view edge;
};
inline constexpr VersionRule kVersions[] = {{"requirement", "requirement_version", "states"}};

/// What a ref of an event means.
enum class Effect : unsigned char { kLink, kLinkAlone, kEnd };
struct RefRule {
  string_view kind;     ///< "*": every kind
  string_view subject;  ///< type of node
  string_view ref;      ///< type of the ref
  string_view edge;
  bool from_ref;  ///< the edge leads from the ref to the subject
  Effect effect = Effect::kLink;
};
inline constexpr bool kFromRef = true;
inline constexpr bool kToRef = false;
inline constexpr RefRule kRefs[] = {
    // planning
    {"*", "requirement", "goal", "refined_by", kFromRef},
    {"*", "requirement", "requirement", "refined_by", kFromRef},
    {"*", "requirement", "change_request", "led_to", kFromRef},
    {"*", "task", "requirement", "implemented_by", kFromRef},
    {"*", "task", "requirement_version", "implemented_by", kFromRef},
    {"*", "task", "change_request", "led_to", kFromRef},
    {"*", "task", "task", "split_into", kFromRef},
    {"*", "change_request", "requirement", "led_to", kToRef},
    {"*", "change_request", "task", "led_to", kToRef},
    {"*", "change_request", "feedback", "asked_for", kFromRef},
    {"*", "change_request", "alert", "asked_for", kFromRef},
    {"*", "change_request", "incident", "asked_for", kFromRef},
    // code
    {"*", "commit", "task", "done_in", kFromRef},
    {"*", "commit", "requirement", "done_in", kFromRef},
    {"*", "commit", "change_request", "done_in", kFromRef},
    {"*", "merge_request", "task", "done_in", kFromRef},
    {"*", "merge_request", "commit", "merged_by", kFromRef},
    {"*", "ci_run", "commit", "checked_by", kFromRef},
    {"*", "ci_run", "merge_request", "checked_by", kFromRef},
    // training
    {"*", "run", "experiment", "contains", kFromRef},
    {"*", "run", "commit", "trained", kFromRef},
    {"*", "run", "ci_run", "started", kFromRef},
    {"*", "run", "pipeline_run", "started", kFromRef},
    {"*", "run", "task", "done_in", kFromRef},
    {"*", "run", "dataset_version", "input_of", kFromRef},
    {"*", "pipeline_run", "commit", "started", kFromRef},
    {"*", "pipeline_run", "alert", "started", kFromRef},
    {"*", "dataset_version", "dataset_version", "derived_into", kFromRef},
    {"*", "dataset_version", "feedback", "derived_into", kFromRef},
    {"dataset.seen", "dataset_version", "run", "input_of", kToRef},
    {"dataset.used", "dataset_version", "run", "input_of", kToRef},
    {"logged_model.created", "logged_model", "run", "produced", kFromRef},
    {"logged_model.produced", "logged_model", "run", "produced", kFromRef},
    {"logged_model.used", "logged_model", "run", "input_of", kToRef},
    // models
    {"*", "model_version", "run", "produced", kFromRef},
    {"*", "model_version", "logged_model", "registered_as", kFromRef},
    {"*", "model_version", "requirement", "meant_for", kFromRef},
    {"alias.set", "model_version", "alias", "aliased", kToRef, Effect::kLinkAlone},
    {"alias.deleted", "model_version", "alias", "aliased", kToRef, Effect::kEnd},
    {"*", "gate_result", "model_version", "judged_by", kFromRef},
    {"*", "gate_result", "run", "judged_by", kFromRef},
    {"*", "gate_result", "requirement", "judged_by", kFromRef},
    // approvals: an approval stands before what it allows
    {"*", "approval", "gate_result", "supports", kFromRef},
    {"*", "approval", "requirement", "approves", kToRef},
    {"*", "approval", "requirement_version", "approves", kToRef},
    {"*", "approval", "change_request", "approves", kToRef},
    {"*", "approval", "model_version", "approves", kToRef},
    {"*", "approval", "release", "approves", kToRef},
    {"*", "approval", "deployment", "approves", kToRef},
    // delivery
    {"*", "release", "model_version", "released_in", kFromRef},
    {"*", "release", "gate_result", "supports", kFromRef},
    {"*", "release", "approval", "approves", kFromRef},
    {"*", "deployment", "release", "deployed_as", kFromRef},
    {"*", "deployment", "model_version", "served_by", kFromRef},
    {"*", "deployment", "environment", "hosts", kFromRef},
    // monitoring
    {"*", "window", "deployment", "observed_in", kFromRef},
    {"*", "window", "model_version", "observed_in", kFromRef},
    {"*", "alert", "window", "raised", kFromRef},
    {"*", "alert", "deployment", "raised", kFromRef},
    {"*", "alert", "model_version", "raised", kFromRef},
    {"*", "incident", "alert", "raised", kFromRef},
    {"*", "incident", "deployment", "raised", kFromRef},
    {"*", "feedback", "deployment", "observed_in", kFromRef},
    {"*", "feedback", "model_version", "observed_in", kFromRef},
    {"*", "feedback", "window", "observed_in", kFromRef},
    {"*", "feedback", "alert", "raised", kFromRef},
};

/// A member of the payload that names another node.
struct MemberRule {
  string_view kind;
  string_view member;
  string_view node_type;
  string_view edge;  ///< from that node to the subject
  Basis basis;
  string_view rule;
};
inline constexpr MemberRule kMembers[] = {
    {"run.created", "commit", "commit", "trained", Basis::kDerived, "mlflow.source.git.commit"},
    {"run.commit_set", "commit", "commit", "trained", Basis::kDerived, "mlflow.source.git.commit"},
};

/// The subject gets the id that a member of the payload gives.
struct RenameRule {
  string_view kind;
  string_view member;
};
inline constexpr RenameRule kRenames[] = {{"registered_model.renamed", "new_name"}};
inline constexpr PartRule kParts[] = {{"registered_model", "model_version", '/'},
                                      {"registered_model", "alias", '@'}};

}  // namespace stetig::trace::internal
