from django.db import migrations


def fail(apps, schema_editor):
    apps.get_model("older", "Kept").objects.all().delete()
    raise ValueError("the third migration failed")


class Migration(migrations.Migration):
    dependencies = [("older", "0002_more")]
    operations = [migrations.RunPython(fail)]
