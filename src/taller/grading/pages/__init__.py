"""The pages that people read: a student's feedback, and the class at a glance."""

from taller.grading.pages.feedback import feedback_page
from taller.grading.pages.overview import Overview
from taller.grading.pages.report import report_page

__all__ = ["Overview", "feedback_page", "report_page"]
