"""Words that announce a name beside the list `person_cues`, tell of a person around one, or stand inside one. Plain values."""

CUES_IN_OTHER_SCRIPTS = frozenset(
    ["התלמיד", "התלמידה", "תלמיד", "תלמידה", "המורה", "שמי", "الطالب", "الطالبة", "تلميذ", "تلميذة", "المعلم", "المعلمة", "اسمي", "ученик", "ученица", "студент", "студентка", "учитель", "уважаемая", "уважаемый", "дорогая", "дорогой", "зовут", "ученика", "ученицы", "мама", "папа", "नाम", "छात्र", "छात्रा", "शिक्षक", "विद्यार्थी", "학생", "이름은", "선생님", "생徒", "学生", "生徒", "名前は", "私の名前は", "先生", "老师", "同学", "我叫", "μαθητής", "μαθήτρια", "с", "уважением"]
)  # fmt: skip
REGARDS = frozenset(
    {"groet", "groeten", "grüßen", "grüsse", "grüße", "gruß", "terveisin", "üdvözlettel", "thanks", "thx", "cheers", "saludos", "pozdrawiam"}
)  # fmt: skip
CUE_PHRASES = frozenset(
    {"name", "called", "named", "am", "chiamo", "llamo", "appelle", "heiße", "heisse", "heet", "nazywam", "jmenuji", "hedder", "heter", "chamo", "nimeni", "adım", "ismim"}
)  # fmt: skip
SURELY_PEOPLE = frozenset(
    {"child", "student", "pupil", "parent", "guardian", "mother", "father", "sibling", "learner", "children", "students", "pupils", "parents", "guardians", "carer", "teacher", "tutor"}
)  # fmt: skip
CUE_FILLERS = frozenset(
    {"named", "called", "name", "is", "was", "user", "full", "and", "the", "first", "last", "for", "by", "of", "id", "de", "del", "von", "di", "du", "för", "van", "til", "till"}
)  # fmt: skip
BY = frozenset(
    {"by", "from", "von", "par", "por", "für", "pour", "od", "från", "author", "for", "with"}
)
KIN = frozenset(
    {"mother", "father", "mum", "mom", "dad", "parents", "teacher", "brother", "sister", "family", "guardian", "class", "quiz", "world", "homework", "attempt"}
)  # fmt: skip
PARTICLES = frozenset(
    {
        "abu", "al", "ap", "bin", "bint", "da", "das", "de", "del", "della", "den", "der", "di", "do", "dos", "du", "el", "ibn",
        "la", "le", "los", "mac", "mc", "ten", "ter", "van", "vom", "von", "y", "zu", "san", "st", "'t", "op", "e", "dal", "degli",
    }
)  # fmt: skip
