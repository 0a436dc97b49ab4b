"""Work: sheets, answers, evidence, submissions, validated levels, observations, recommendations (DESIGN, Work)."""

from assessments.models.answers import (
    READ_CONFIDENTIAL,
    Answer,
    AnswerRevision,
    AnswerStatus,
    AnswerValue,
    Basis,
    ConfidentialQuerySet,
    RevisionKind,
)
from assessments.models.evidence import Evidence, EvidenceQuerySet, EvidenceUse, EvidenceUseQuerySet
from assessments.models.findings import (
    Activity,
    Observation,
    ObservationKind,
    Priority,
    Recommendation,
    RecommendationQuerySet,
)
from assessments.models.others import OtherAnswer, OtherAnswerQuerySet, OtherKind
from assessments.models.sheets import (
    SHEET_MOVES,
    AnswerSheet,
    SheetReturn,
    SheetSection,
    SheetState,
    SignatureRequest,
    SignatureWay,
    Submission,
)
from assessments.models.strategy import Source, StrategyAim, StrategyConclusion, StrategyReview
from assessments.models.teamwork import NATIONAL_INSTITUTIONS, SectionAssignment, SectionSignature, SheetVisit
from assessments.models.threads import Comment, ReviewMark, Thread, ThreadAudience
from assessments.models.uploads import Upload, UploadQuerySet
from assessments.models.validation import Reservation, ReservationKind, ValidatedLevel

__all__ = [
    "NATIONAL_INSTITUTIONS",
    "READ_CONFIDENTIAL",
    "SHEET_MOVES",
    "Activity",
    "Answer",
    "AnswerRevision",
    "AnswerSheet",
    "AnswerStatus",
    "AnswerValue",
    "Basis",
    "Comment",
    "ConfidentialQuerySet",
    "Evidence",
    "EvidenceQuerySet",
    "EvidenceUse",
    "EvidenceUseQuerySet",
    "Observation",
    "ObservationKind",
    "OtherAnswer",
    "OtherAnswerQuerySet",
    "OtherKind",
    "Priority",
    "Recommendation",
    "RecommendationQuerySet",
    "Reservation",
    "ReservationKind",
    "ReviewMark",
    "RevisionKind",
    "SectionAssignment",
    "SectionSignature",
    "SheetReturn",
    "SheetSection",
    "SheetState",
    "SheetVisit",
    "SignatureRequest",
    "SignatureWay",
    "Source",
    "StrategyAim",
    "StrategyConclusion",
    "StrategyReview",
    "Submission",
    "Thread",
    "ThreadAudience",
    "Upload",
    "UploadQuerySet",
    "ValidatedLevel",
]
