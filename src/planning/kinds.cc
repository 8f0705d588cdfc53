// The table of kinds: what records of each hold and which ways their status goes. Routes,
// validation, documents and the command line are made of it.
#include <algorithm>
#include <array>

#include "base/check.h"
#include "planning/types.h"

namespace stetig::planning {
namespace {

using Names = std::string_view;
using enum FieldType;

template <size_t N>
using Statuses = std::array<Names, N>;

constexpr std::array kRiskClasses = {Names("minimal"), Names("limited"), Names("high"),
                                     Names("unacceptable")};
constexpr std::array kProjectFields = {
    FieldDef{.name = "key",
             .type = kText,
             .doc = "Short name that begins the keys of all its records: CHURN.",
             .required = true},
    FieldDef{.name = "goal", .type = kMarkdown, .doc = "The business goal.", .versioned = true},
    FieldDef{.name = "domain", .type = kText, .doc = "The domain: insurance, steel, retail."},
    FieldDef{.name = "contacts", .type = kTexts, .doc = "Domain experts and who speaks for users."},
    FieldDef{.name = "risk_class",
             .type = kChoice,
             .doc = "Risk class of the EU AI Act.",
             .versioned = true,
             .choices = kRiskClasses,
             .initial = "minimal"},
    FieldDef{.name = "repository", .type = kText, .doc = "URL or path of its Git repository."},
    FieldDef{.name = "wip_limits",
             .type = kObject,
             .doc = "Most tasks in a column of the board: {\"doing\": 3}."},
};
constexpr Statuses<3> kProjectStatuses = {"active", "paused", "closed"};
constexpr std::array kAnyMove = {Transition{.from = "*", .to = "*"}};

constexpr std::array kRequirementKinds = {Names("business_goal"), Names("data"), Names("quality"),
                                          Names("legal"), Names("operational")};
constexpr std::array kRequirementFields = {
    FieldDef{.name = "text",
             .type = kMarkdown,
             .doc = "What is required, in Markdown.",
             .versioned = true},
    FieldDef{.name = "type",
             .type = kChoice,
             .doc = "What it is about.",
             .versioned = true,
             .choices = kRequirementKinds,
             .initial = "quality"},
    FieldDef{.name = "criteria",
             .type = kCriteria,
             .doc = "Acceptance criteria as conditions on metrics: metrics.accuracy >= 0.9.",
             .versioned = true},
    FieldDef{.name = "path", .type = kText, .doc = "Its file in the repository."},
    FieldDef{
        .name = "source", .type = kText, .doc = "Where it comes from: a page, a law, a person."},
};
constexpr Statuses<6> kRequirementStatuses = {"draft",    "proposed", "approved",
                                              "rejected", "met",      "retired"};
constexpr std::array kRequirementMoves = {
    Transition{.from = "draft", .to = "proposed"},
    Transition{.from = "proposed", .to = "draft"},
    Transition{.from = "proposed", .to = "approved"},
    Transition{.from = "proposed", .to = "rejected"},
    Transition{.from = "rejected", .to = "draft"},
    Transition{.from = "approved", .to = "met"},
    Transition{.from = "approved", .to = "proposed"},
    Transition{.from = "met", .to = "approved"},
    Transition{.from = "met", .to = "proposed"},
    Transition{.from = "*", .to = "retired"},
};
constexpr std::array kRequirementSettled = {Names("approved"), Names("met")};

constexpr std::array kPriorities = {Names("low"), Names("normal"), Names("high"), Names("urgent")};
constexpr std::array kTaskFields = {
    FieldDef{.name = "text", .type = kMarkdown, .doc = "What is to be done."},
    FieldDef{.name = "priority",
             .type = kChoice,
             .doc = "How urgent it is.",
             .choices = kPriorities,
             .initial = "normal"},
    FieldDef{.name = "estimate_hours",
             .type = kNumber,
             .doc = "Estimated work in hours, 0 to 100000.",
             .least = 0,
             .most = 100'000},
    FieldDef{.name = "due", .type = kDate, .doc = "The day it is due."},
    FieldDef{.name = "labels", .type = kTexts, .doc = "Words to find it by."},
};
constexpr Statuses<6> kTaskStatuses = {"backlog", "ready", "doing", "review", "done", "dropped"};

constexpr std::array kOrigins = {Names("person"), Names("feedback"), Names("incident"),
                                 Names("drift")};
constexpr std::array kTriages = {Names("undecided"), Names("bug_fix"), Names("change")};
constexpr std::array kChangeFields = {
    FieldDef{.name = "text", .type = kMarkdown, .doc = "What should change, and why."},
    FieldDef{.name = "origin",
             .type = kChoice,
             .doc = "What it comes from.",
             .access = Access::kOnCreate,
             .choices = kOrigins,
             .initial = "person"},
    FieldDef{.name = "triage",
             .type = kChoice,
             .doc = "The decision: a bug fix, covered by a service level, or a change.",
             .choices = kTriages,
             .initial = "undecided"},
    FieldDef{.name = "priority",
             .type = kChoice,
             .doc = "How urgent it is; a service level has a response time for each.",
             .choices = kPriorities,
             .initial = "normal"},
    FieldDef{.name = "service_level",
             .type = kText,
             .doc = "Key or id of the service level that covers a bug fix."},
    FieldDef{.name = "respond_by",
             .type = kTime,
             .doc =
                 "When the service level wants an answer: its response time when priority or level "
                 "were set.",
             .access = Access::kRead},
    FieldDef{
        .name = "approved_by", .type = kUser, .doc = "Who approved it.", .access = Access::kRead},
};
constexpr Statuses<6> kChangeStatuses = {"open",     "triaged", "approved",
                                         "rejected", "working", "done"};
constexpr std::array kChangeMoves = {
    Transition{.from = "open", .to = "triaged"},
    Transition{.from = "triaged", .to = "open"},
    Transition{.from = "triaged", .to = "approved"},
    Transition{.from = "triaged", .to = "rejected"},
    Transition{.from = "open", .to = "rejected"},
    Transition{.from = "rejected", .to = "open"},
    Transition{.from = "approved", .to = "working"},
    Transition{.from = "working", .to = "done"},
    Transition{.from = "done", .to = "working"},
};

constexpr std::array kVerdicts = {Names("wrong"), Names("doubtful"), Names("right")};
constexpr std::array kFeedbackFields = {
    FieldDef{.name = "text", .type = kMarkdown, .doc = "What is wrong, in the expert's words."},
    FieldDef{.name = "about_type",
             .type = kText,
             .doc = "Type of what it is about: model_version, prediction, run, release.",
             .required = true,
             .access = Access::kOnCreate},
    FieldDef{.name = "about_id",
             .type = kText,
             .doc = "Id of what it is about: churn/3.",
             .required = true,
             .access = Access::kOnCreate},
    FieldDef{.name = "verdict",
             .type = kChoice,
             .doc = "The expert's verdict.",
             .choices = kVerdicts,
             .initial = "wrong"},
    FieldDef{.name = "case",
             .type = kObject,
             .doc = "The case itself: inputs, output, what would have been right; or "
                    "{\"attachment\": NAME}.",
             .access = Access::kOnCreate},
};
constexpr Statuses<4> kFeedbackStatuses = {"open", "accepted", "declined", "resolved"};

constexpr std::array kLevelFields = {
    FieldDef{.name = "text", .type = kMarkdown, .doc = "What was agreed.", .versioned = true},
    FieldDef{.name = "customer", .type = kText, .doc = "With whom.", .required = true},
    FieldDef{.name = "target",
             .type = kCriteria,
             .doc = "Conditions on metrics of operation: metrics.availability >= 0.995.",
             .versioned = true},
    FieldDef{.name = "period_days",
             .type = kInteger,
             .doc = "Over how many days the target is measured, 1 to 3660.",
             .versioned = true,
             .least = 1,
             .most = 3'660},
    FieldDef{.name = "response_hours",
             .type = kObject,
             .doc = "Hours to the first answer by priority: {\"urgent\": 4, \"normal\": 24}.",
             .versioned = true},
    FieldDef{.name = "begins", .type = kDate, .doc = "First day."},
    FieldDef{.name = "ends", .type = kDate, .doc = "Last day; not before the first."},
};
constexpr Statuses<3> kLevelStatuses = {"draft", "agreed", "ended"};
constexpr std::array kLevelSettled = {Names("agreed")};

constexpr std::array kReviewFields = {
    FieldDef{.name = "text", .type = kMarkdown, .doc = "Notes."},
    FieldDef{.name = "date", .type = kDate, .doc = "The day it is held.", .required = true},
    FieldDef{.name = "participants", .type = kTexts, .doc = "Who took part."},
    FieldDef{.name = "shown", .type = kTexts, .doc = "What was shown: versions, reports, charts."},
    FieldDef{.name = "decisions", .type = kTexts, .doc = "What was decided."},
};
constexpr Statuses<3> kReviewStatuses = {"planned", "held", "cancelled"};

constexpr std::array kDecisionFields = {
    FieldDef{.name = "context", .type = kMarkdown, .doc = "The question.", .versioned = true},
    FieldDef{.name = "decision", .type = kMarkdown, .doc = "The answer.", .versioned = true},
    FieldDef{.name = "consequences", .type = kMarkdown, .doc = "What follows.", .versioned = true},
};
constexpr Statuses<4> kDecisionStatuses = {"proposed", "accepted", "rejected", "superseded"};
constexpr std::array kDecisionSettled = {Names("accepted")};

constexpr std::array kCommentFields = {
    FieldDef{.name = "text", .type = kMarkdown, .doc = "The comment.", .required = true},
    FieldDef{.name = "about_type",
             .type = kText,
             .doc = "Type of what it is about: requirement, run, model_version, …",
             .required = true,
             .access = Access::kOnCreate},
    FieldDef{.name = "about_id",
             .type = kText,
             .doc = "Id of what it is about.",
             .required = true,
             .access = Access::kOnCreate},
};
constexpr Statuses<2> kCommentStatuses = {"posted", "hidden"};

constexpr std::array kAllKinds = {
    KindDef{.name = kProject,
            .plural = "projects",
            .doc = "What a team works on: a goal, people, and everything below.",
            .fields = kProjectFields,
            .statuses = kProjectStatuses,
            .beginnings = 2,
            .transitions = kAnyMove},
    KindDef{.name = "requirement",
            .plural = "requirements",
            .doc = "What the result must be, with acceptance criteria that a gate can evaluate.",
            .fields = kRequirementFields,
            .statuses = kRequirementStatuses,
            .beginnings = 2,
            .transitions = kRequirementMoves,
            .settled = kRequirementSettled,
            .reopened = "proposed"},
    KindDef{.name = "task",
            .plural = "tasks",
            .doc = "A piece of work; its status is a column of the board.",
            .fields = kTaskFields,
            .statuses = kTaskStatuses,
            .beginnings = 3,
            .transitions = kAnyMove},
    KindDef{.name = "change_request",
            .plural = "change-requests",
            .doc = "A wish or a fault from outside: triaged into a bug fix or a change.",
            .fields = kChangeFields,
            .statuses = kChangeStatuses,
            .transitions = kChangeMoves},
    KindDef{.name = "feedback",
            .plural = "feedback",
            .doc = "A domain expert's word on a prediction or a model, with the case attached.",
            .fields = kFeedbackFields,
            .statuses = kFeedbackStatuses,
            .transitions = kAnyMove},
    KindDef{.name = "service_level",
            .plural = "service-levels",
            .doc = "What was agreed with a customer: target, period, response times.",
            .fields = kLevelFields,
            .statuses = kLevelStatuses,
            .transitions = kAnyMove,
            .settled = kLevelSettled,
            .reopened = "draft"},
    KindDef{.name = "review",
            .plural = "reviews",
            .doc = "A meeting at which results were shown and decisions made.",
            .fields = kReviewFields,
            .statuses = kReviewStatuses,
            .beginnings = 2,
            .transitions = kAnyMove},
    KindDef{.name = "decision",
            .plural = "decisions",
            .doc = "An entry of the decision log.",
            .fields = kDecisionFields,
            .statuses = kDecisionStatuses,
            .transitions = kAnyMove,
            .settled = kDecisionSettled,
            .reopened = "proposed"},
    KindDef{.name = "comment",
            .plural = "comments",
            .doc = "A comment on anything.",
            .fields = kCommentFields,
            .statuses = kCommentStatuses,
            .transitions = kAnyMove},
};

constexpr std::array kLinkTypes = {
    LinkTypeDef{.name = "refines", .doc = "a requirement makes another one more precise"},
    LinkTypeDef{.name = "implements",
                .doc = "a task, commit or run works on a requirement or task"},
    LinkTypeDef{.name = "satisfies",
                .doc = "a run, model version or gate result meets a requirement"},
    LinkTypeDef{.name = "covered_by", .doc = "a change request falls under a service level"},
    LinkTypeDef{.name = "opens", .doc = "a change request opens a requirement or task"},
    LinkTypeDef{.name = "reports", .doc = "a feedback reports a fault that a change request mends"},
    LinkTypeDef{.name = "uses", .doc = "something uses a data set, model version or record"},
    LinkTypeDef{.name = "evidence", .doc = "something proves a record or a phase of a project"},
    LinkTypeDef{.name = "blocks", .doc = "a task must be done before another"},
    LinkTypeDef{.name = "relates", .doc = "two things belong together"},
};

}  // namespace

const FieldDef* KindDef::Find(std::string_view field) const {
  const auto found = std::ranges::find(fields, field, &FieldDef::name);
  return found == fields.end() ? nullptr : &*found;
}

std::span<const KindDef> Kinds() { return kAllKinds; }

const KindDef* FindKind(std::string_view name) {
  const auto found = std::ranges::find(kAllKinds, name, &KindDef::name);
  return found == kAllKinds.end() ? nullptr : &*found;
}

const KindDef& KindOf(std::string_view name) {
  const KindDef* kind = FindKind(name);
  CHECK(kind != nullptr);
  return *kind;
}

std::span<const LinkTypeDef> LinkTypes() { return kLinkTypes; }

}  // namespace stetig::planning
