"""Fill the counter of 0002 for the sheets that are there: criteria that apply without the experts' word.

The conditions of questions are read by `assessments.conditions`, which knows plain values only. Done twice it gives
the same; backwards there is nothing to do, the column goes.
"""

from django.db import migrations

from assessments.conditions import Given, hidden


def count_undecided(apps, schema_editor):
    AnswerSheet = apps.get_model("assessments", "AnswerSheet")
    Question = apps.get_model("toolkit", "Question")
    questions = {}
    for sheet in AnswerSheet.objects.filter(instrument__audience="national").order_by("pk").iterator():
        if sheet.instrument_id not in questions:
            of_instrument = Question.objects.filter(section__instrument=sheet.instrument_id)
            questions[sheet.instrument_id] = list(of_instrument.order_by("section__position", "position"))
        asked = questions[sheet.instrument_id]
        answers = {answer.question_id: answer for answer in sheet.answers.all()}
        given = {
            question.code: Given(question.kind, answers[question.pk].status, answers[question.pk].value)
            for question in asked
            if question.pk in answers
        }
        left_out = hidden([(question.code, question.condition) for question in asked], given)
        word = set()
        for decision in sheet.validated_levels.all():
            answer = answers.get(decision.question_id)
            is_claimed = answer is not None and answer.status == "not_applicable"
            if decision.level is not None or (is_claimed and decision.accepts_not_applicable):
                word.add(decision.question_id)
        undecided = sum(
            question.kind in {"criterion", "rating"} and question.code not in left_out and question.pk not in word
            for question in asked
        )
        AnswerSheet.objects.filter(pk=sheet.pk).update(undecided=undecided)


class Migration(migrations.Migration):
    dependencies = [("assessments", "0002_sheet_undecided"), ("toolkit", "0002_checklist_lever")]

    operations = [migrations.RunPython(count_undecided, migrations.RunPython.noop)]
