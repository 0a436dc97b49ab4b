from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("older", "0001_first")]
    operations = [migrations.CreateModel("More", [("id", models.AutoField(primary_key=True))])]
