from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("assessments", "0001_first")]

    operations = [
        migrations.AddField("answersheet", "undecided", models.PositiveIntegerField(default=0, db_default=0)),
    ]
