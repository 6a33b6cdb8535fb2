"""Which names say that their value is a secret or a person's. Pure: a name in, the rule's name out."""

import re
from functools import lru_cache
from unicodedata import combining, normalize

from toolboxai.telemetry.privacy.alternatives import any_within
from toolboxai.telemetry.privacy.markers import IS_MARKER

SECRET = "secret"  # noqa: S105 - the name of a rule
NAME, EMAIL, PHONE, IDENTITY = "name", "email", "phone", "person-id"
ADDRESS, BIRTH, HEALTH, RESULT = "address", "birth-date", "health", "result"
LOCATION, IP, DEVICE, NATIONAL, BANK = "location", "ip", "device-id", "national-id", "bank"
PERSON = "person"  # whatever else is told of somebody

MAX_NAME_CHARS = 128

# Anywhere in the name, however it is written: accesstoken, dbPassword, X-Api-Key.
SECRET_STEMS = (
    "accesscode", "accesskey", "accountkey", "apikey", "authcode", "authkey", "authoriz", "authtoken", "bearer",
    "clientkey", "codeverifier", "connectionstring", "connstr", "contrasena", "cookie", "credential", "csrf", "dbpass",
    "pwd", "deploykey", "encryptionkey", "hmackey", "joincode", "jwt", "kennwort", "licensekey", "magiclink",
    "masterkey", "mfacode", "motdepasse", "oauthcode", "openaikey", "otpcode", "pairingcode", "passcode", "passphrase",
    "passwd", "password", "passwort", "privatekey", "privkey", "recoverycode", "resetcode", "resetlink", "roblosecurity",
    "robloxkey", "rootpw", "secret", "securitycode", "sentrykey", "servicekey", "sessionid", "sessionkey", "sharedkey",
    "sharedaccess", "signingkey", "smtppass", "sshkey", "storagekey", "token", "userpw", "userpass", "verificationcode",
    "webhookurl", "xsrf", "2facode", "backupcode", "sessid", "passhash", "pwhash", "otpseed", "otpsecret", "seedphrase", "clientsecret", "setuplink", "senha", "wachtwoord", "haslo", "losenord", "losenord", "adgangskode", "passord", "jelszo", "heslo", "salasana", "parola", "sifre", "inviteurl", "invitelink", "signedurl", "sharedlink", "joinlink", "recoverykey", "backupkey", "loginlink", "onetimecode", "smscode", "logincode", "confirmationcode", "einmalcode", "unlockcode", "verifycode", "secondfactor", "twofactorcode", "factorcode", "activationcode", "challengecode", "signincode", "authenticatorcode", "confirmcode", "doorcode", "gatecode", "alarmcode", "lockercode", "lockercombination", "accesspin", "tancode", "invitationcode", "classcode", "enrolcode", "enrollcode", "enrollmentkey", "enrolmentkey", "pairingpin", "presignedurl", "encryptedpw", "пароль", "密码", "パスワード", "비밀번호", "סיסמה", "parool",
)  # fmt: skip
# Only as a word of its own: `pin` is one, `spinning` isn't.
SECRET_WORDS = frozenset(
    {
        "auth", "cvc", "cvv", "dsn", "mnemonic", "otp", "clave", "geheimnis", "segredo", "mdp", "2fa", "mfa", "pass", "passwords", "pin", "pincode", "pw", "pwd", "saml",
        "session", "sid", "sig", "signature", "totp",
    }
)  # fmt: skip
_SECRET_NEITHER = ("authorized", "secretar", "tokeniz", "unauthorized", "authoris", "parolable")

# Stems whose presence decides, the rule they stand for, in the order in which they are asked.
_PERSON_STEMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (EMAIL, ("email", "mailadresse", "epost", "eposta", "mejl", "mailaddress", "emailaddr", "mailto", "courriel", "correoelectronico")),
    (
        NATIONAL,
        (
            "aadhaar", "codicefiscale", "driverlicense", "driverslicense", "drivinglicence", "insurancenumber",
            "medicare", "burgerservice", "nationalid", "nationalinsurance", "nhsnumber", "nhsno", "nino", "passportno", "passportnumber", "reisepass", "passeport", "pasaporte", "passaporto", "paspoort", "fuehrerschein", "fuhrerschein", "permisdeconduire", "permisconduire", "drivinglicense", "driverid", "licensenumber", "licencenumber", "rijbewijs", "patente", "carnetconducir", "tckimlik", "kimlik", "personalausweis", "ausweis", "idcard", "nationalnumber", "sozialversicherung", "versicherungsnummer", "numeross", "seguridadsocial", "securitesociale", "rodnecislo", "henkilotunnus", "personnumer", "registrationnumber", "residentreg", "numberplate", "licenseplate", "licenceplate", "registrationplate", "kennzeichen", "matriculevehicule", "immatriculation", "platenumber", "carplate", "vehiclereg", "visanumber", "greencard", "studentvisa",
            "ninumber", "codfiscal", "fiscalcode", "personnummer", "socialsecurity", "socialinsurance", "steuerid", "steuernummer", "taxid", "taxnumber", "taxfile",
        ),
    ),
    (IDENTITY, ("librarycard", "lunchcard", "studentcard", "memberno", "membershipn")),
    (BANK, ("kontonummer", "kontonr", "acctno", "accountno", "numerocuenta", "numerodecuenta", "numerocompte", "numconto", "bankkonto", "rekeningnummer", "cardholder", "kreditkarte", "tarjeta", "cartebancaire", "swiftcode", "bankleitzahl", "accountnumber", "bankaccount", "cardnumber", "creditcard", "debitcard", "cardno", "routingnumber", "sortcode")),
    (
        BIRTH,
        ("nascita", "nascimento", "naissance", "nacimiento", "geburt", "geboorte", "fodsel", "fodelse", "urodzenia", "narozeni", "dogumtarihi", "dogumgunu", "szuletes", "syntyma", "cumpleanos", "anniversaire", "verjaardag", "birthdate", "birthday", "birthdt", "dateofbirth", "fechanacimiento", "geburtsdatum", "birthyear", "dateborn"),
    ),
    (
        HEALTH,
        (
            "accommodation", "alerg", "medicin", "medica", "epileps", "medikament", "arznei", "krank", "maladie", "malattia", "enfermedad", "doenca", "ziekte", "gesundheit", "zdrowi", "behinderung", "discapacidad", "disabilita", "deficiencia", "handicap", "forderbedarf", "foerderbedarf", "besoinsparticuliers", "necesidadesespec", "sante", "salud", "healthrecord", "healthstatus", "mentalhealth", "incidentdesc", "incidentnote", "incidentreport", "misconduct", "bullying", "suspensionreason", "exclusionreason", "conductnote", "conductlog", "conductreport", "sanction", "punish", "expulsion", "truancy", "learningneed", "learningdifficult", "learningsupport", "additionalneed", "inclusionnote", "besoinseducatif", "dificultad", "forderplan", "foerderplan", "verhalten", "comportement", "conducta", "comportamento", "comportamiento", "condotta", "gedrag", "lernschwierig", "nachteilsausgleich", "504plan", "iepsummary", "senrecord", "senreg", "senprofile", "sendneed", "supportlevel", "referralreason", "counsel", "detention", "prescription", "symptom", "illness", "healthissue", "supportneeds", "sendcategory", "senneeds", "allerg", "pastoral", "welfare", "concernnote", "behaviornote", "behaviournote", "carenotes", "counselor", "counsellor", "diagnos",
            "dietaryneed", "disabilit", "ehcp", "healthnote", "healthcond", "healthinfo", "iepnote", "iepgoal", "iepstatus",
            "impairment", "medical", "medication", "safeguarding", "sencategory", "sendnote", "sennote", "sensupport",
            "senstatus", "reasonableadjustment", "accessarrangement", "examarrangement", "provisionmap", "psycholog", "extratime", "individualplan", "learningplan", "plan504", "section504", "exceptionalit", "childprotection", "socialcare", "absencereason", "absencenote", "reasonforabsence", "familysituation", "homesituation", "offence", "infraction", "demerit", "restraint", "behaviourlog", "behaviorlog", "behaviourrecord", "behaviorrecord", "behaviourincident", "behaviorincident", "incidentdetail", "incidentsummary", "isolationreason", "concerns", "specialneed", "specialeducation", "supportneed", "supportplan", "therap", "wellbeing",
        ),
    ),
    (PHONE, ("smsto", "smsnumber", "smsrecipient", "handynummer", "handynr", "celular", "cellulare", "movil", "telnr", "rufnummer", "mobilnummer", "numerodetelephone", "puhelin", "cellphone", "mobilenumber", "phone", "telefon", "telephone", "faxnumber", "whatsapp", "telnumber")),
    (
        ADDRESS,
        (
            "strasse", "hausnummer", "postleitzahl", "wohnort", "wohnadresse", "codigopostal", "codepostal", "domicil", "direccion", "indirizzo", "endereco", "morada", "adresa", "ulica", "anschrift", "woonplaats", "postnummer", "kodpocztowy", "addressline", "birthplace", "address1", "address2", "street1", "street2", "geburtsort", "homestreet", "homeaddress", "mailingaddress", "postaladdress", "postalcode", "postcode",
            "streetaddress", "streetname", "zipcode", "homecity", "placeofbirth",
        ),
    ),
    (DEVICE, ("advertisingid", "androidid", "deviceid", "deviceserial", "hardwareid", "imei", "macaddr", "serialnumber", "serialno", "vendorid", "deviceuuid", "installationid")),
    (IP, ("clientip", "forwardedfor", "ipaddr", "peerip", "realip", "remoteaddr", "remoteip", "userip", "clienthost", "connectingip", "clientaddress", "peeraddress")),
    (
        RESULT,
        (
            "examresult", "examscore", "finalgrade", "gradepoint", "lettergrade", "quizresult", "quizscore", "reportcard",
            "studentgrade", "studentscore", "testresult", "testscore", "pupilgrade", "pupilscore", "assessmentscore",
            "attendancerate", "disciplin", "readinglevelscore",
        ),
    ),
    (
        IDENTITY,
        (
            "schulernr", "schulernummer", "schuelernr", "schuelernummer", "matrikel", "personalnummer", "personalnr", "mitarbeiternr", "mitarbeiternummer", "numeroetudiant", "numeroeleve", "matriculeeleve", "numalumno", "numeroalumno", "expediente", "leerlingnummer", "elevnummer", "employeeno", "employeenumber", "employeenr", "empno", "empid", "staffno", "staffnumber", "payrollno", "payrollnumber", "nummerleerling", "studnum", "stunum", "studno", "sisnumber", "learnerref", "learnernumber", "accountid", "admissionno", "admissionnumber", "candidateno", "candidatenumber", "childid", "enduserid",
            "enrolmentno", "enrollmentno", "enrollmentid", "guardianid", "learnerid", "memberid", "parentid", "personid",
            "pupilid", "pupilno", "pupilnumber", "pupilref", "robloxid", "robloxuser", "rollno", "rollnumber", "staffid",
            "studentid", "studentno", "studentnumber", "studentref", "teacherid", "useridentifier", "userid", "userref",
            "customerid", "employeeid", "playerid", "usernumber", "studentuuid", "useruuid", "contactid", "patientid",
            "lmsuserid", "schoolnumber",
        ),
    ),
    (
        NAME,
        (
            "nazwisko", "prijmeni", "jmeno", "cognome", "sobrenome", "familienname", "voornaam", "achternaam", "fornamn", "efternamn", "fornavn", "etternavn", "etunimi", "sukunimi", "soyad", "keresztnev", "vezeteknev", "prenom", "nomdefamille", "schulername", "schuelername", "elternname", "lehrername", "nomeleve", "nomealuno", "nombrealumno", "benutzername", "nutzername", "nomutilisateur", "nombreusuario", "gebruikersnaam", "anvandarnamn", "nazwauzytkownika", "rosterentry", "twitterhandle", "socialhandle", "instagram", "snapchat", "tiktok", "discorduser", "discordname", "discordhandle", "telegramuser", "knownas", "alsoknownas", "signedby", "submittedby", "enteredby", "reportedby", "calledby", "whois", "lastfirst", "namelast", "sortname", "nameofchild", "nameofpupil", "nameofstudent", "nameofparent", "accountholder", "accountname", "authorname", "childname", "contactname", "displayname", "familyname", "firstname", "forename",
            "fullname", "givenname", "guardianname", "lastname", "learnername", "loginname", "maidenname", "middlename",
            "nachname", "nickname", "nombre", "apellido", "parentname", "personname", "playername", "ingamename", "avatarname", "charactername", "gamername", "studiouser", "preferredname",
            "pupilname", "robloxname", "screenname", "siblingname", "studentname", "surname", "teachername", "username",
            "userlogin", "vorname", "legalname", "discordtag", "gamertag", "emergencycontact", "realname", "createdbyname",
        ),
    ),
    (LOCATION, ("coordinate", "geolocation", "geopoint", "gpslocation", "latitude", "longitude", "latlng", "latlon", "geohash")),
    (PERSON, ("ethnicity", "religio", "nationality", "immigration", "freemeal", "freeschoolmeal", "pupilpremium", "fostercare", "sexualorientation")),
)  # fmt: skip
_PERSON_WORDS = {
    **dict.fromkeys(("address", "addr", "street", "zip", "adresse", "adres", "calle", "rua", "plz", "postcode", "cep", "domicilio", "postal", "cp", "postnr", "psc", "eircode", "zip5", "huisnummer"), ADDRESS),
    **dict.fromkeys(("dob", "birth", "born", "bday"), BIRTH),
    **dict.fromkeys(("ip", "ipv4", "ipv6", "xff"), IP),
    **dict.fromkeys(("mac", "udid", "serial", "idfa", "idfv", "gaid", "aaid"), DEVICE),
    **dict.fromkeys(("mobile", "msisdn", "tel", "cell", "fax", "msisdn", "handy"), PHONE),
    **dict.fromkeys(("ssn", "nhs", "cf", "nif", "nric", "cpr", "nino", "sin", "cpf", "pesel", "bsn", "dni", "nie", "curp", "tfn", "pps", "ppsn", "nir", "aadhar", "passport"), NATIONAL),
    **dict.fromkeys(("iban", "pan", "bic"), BANK),
    **dict.fromkeys(("lat", "lng", "lon", "gps", "geo"), LOCATION),
    **dict.fromkeys(("iep", "ehcp", "senco"), HEALTH),
    **dict.fromkeys(("gpa", "noten", "zeugnis"), RESULT),
    **dict.fromkeys(("mail", "correo"), EMAIL),
    **dict.fromkeys(("nombre", "nombres", "apellidos", "nom", "nome", "imie", "vorname", "naam", "isim", "identifiant", "usuario", "utente", "benutzer", "navn", "etunimi"), NAME),
    **dict.fromkeys(("plate", "targa", "matricula"), NATIONAL),
    **dict.fromkeys(("konto", "blz", "cuenta"), BANK),
    **dict.fromkeys(("telefon", "telefono", "telefoon", "handynr"), PHONE),
}  # fmt: skip
_ROBLOX = frozenset({"roblox", "rbx", "rblx", "bloxname"})
_OF_ROBLOX = {
    **dict.fromkeys(("name", "user", "display", "handle", "nick", "player", "tag", "alias", "account", "login", "username", "gamertag", "avatar", "profile", "friend"), NAME),
    **dict.fromkeys(("id", "uid", "userid", "number"), IDENTITY),
}  # fmt: skip
_LAST_WORDS = {
    **dict.fromkeys(("login", "logins", "ign", "nick", "holder", "kindes"), NAME),
    **dict.fromkeys(("uid", "uids", "upn", "uln"), IDENTITY),
}
_PERSON_NEITHER = (
    "networkaddress", "serveraddress", "bindaddress", "listenaddress", "memoryaddress", "baseaddress", "addressfamily",
    "addresses", "emailtemplate", "emailverified", "emailenabled", "emailqueue", "emailbackend", "emailservice",
    "iphone", "emailstatus", "microphone", "headphone", "geometry", "healthcheck", "healthy", "healthz", "mailserver", "emailhost",
    "emailport", "religiousstudies", "religiouseducation", "religioused", "userid_seq", "templatename", "boilerplate", "serialport", "serialize", "serialis", "ipython", "usernamefield", "phoneverified", "emailtype", "serverip", "addresstype",
)  # fmt: skip
# Who somebody is, so that `name` or `id` below or beside it is theirs.
PEOPLE = frozenset(
    {
        "applicant", "author", "carer", "caregiver", "child", "children", "classmate", "contact", "contacts", "creator",
        "customer", "father", "friend", "guardian", "guardians", "learner", "learners", "member", "members", "mother",
        "nurse", "owner", "parent", "parents", "patient", "person", "persons", "people", "player", "players", "principal",
        "profile", "pupil", "pupils", "recipient", "recipients", "sender", "sibling", "siblings", "staff", "student",
        "students", "subscriber", "teacher", "teachers", "tutor", "user", "users", "visitor", "assignee", "reporter",
        "counselor", "alumno", "alumna", "estudiante", "eleve", "schueler", "schuler", "headteacher", "coach", "who",
        "participant", "participants", "elev", "eleves", "alumnos", "alumnas", "aluno", "aluna", "alunno", "alunna", "leerling", "uczen", "eltern", "mutter", "vater", "lehrer", "lehrerin", "padre", "madre", "tutora", "enseignant", "profesor", "profesora", "submitter", "employee", "candidate", "applicants", "nachhilfe", "sis", "enrollee", "enrollees", "registrant", "trainee", "intern", "mentor", "mentee", "kid", "kids", "son", "daughter", "mum", "dad", "mom", "schulerin", "schuelerin", "attendee", "attendees", "signer", "requester", "approver", "actor",
    }
)  # fmt: skip
# What is told of a person under a name that only says so below or beside a word for people.
OF_PEOPLE = {
    "name": NAME, "names": NAME, "first": NAME, "last": NAME, "middle": NAME, "initials": NAME, "alias": NAME, "handle": NAME, "login": NAME,
    "id": IDENTITY, "ids": IDENTITY, "uid": IDENTITY, "uuid": IDENTITY, "ref": IDENTITY, "number": IDENTITY, "no": IDENTITY, "external_id": IDENTITY,
    "city": ADDRESS, "town": ADDRESS, "country": ADDRESS, "county": ADDRESS, "region": ADDRESS,
    "line1": ADDRESS, "line2": ADDRESS, "house": ADDRESS, "age": BIRTH, "gender": PERSON, "sex": PERSON,
    "health": HEALTH, "condition": HEALTH, "conditions": HEALTH, "sen": HEALTH, "needs": HEALTH, "notes": PERSON, "note": PERSON, "bio": PERSON,
    "relationship": PERSON, "relation": PERSON, "comment": PERSON, "comments": PERSON,
    "score": RESULT, "mark": RESULT, "marks": RESULT, "result": RESULT, "results": RESULT, "percentage": RESULT, "percent": RESULT, "points": RESULT,
}  # fmt: skip
# Words beside which the others name a part of a program: user_agent_name, player_class_id.
_WHOSE_PROGRAMS = frozenset({"agent", "class", "service", "module", "type", "event", "field", "role", "group", "table", "function", "thread", "span", "trace", "request", "node", "app", "model", "template", "process", "task", "page", "route", "file"})  # fmt: skip
_WHOSE_SPANS = frozenset({"span", "trace", "sampled", "segment"})
_has_secret_stem = any_within(SECRET_STEMS)
_has_person_stem = any_within(stem for _, own in _PERSON_STEMS for stem in own)
_has_person_neither = any_within(_PERSON_NEITHER)
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^\W\d_a-zA-Z]+")


@lru_cache(maxsize=16_384)
def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name in any spelling, in lower case. Of a long name the end: that is where the noun stands."""
    if "[redacted:" in name:  # the name of a rule says nothing of the value
        name = IS_MARKER.sub("", name)
    name = name[-MAX_NAME_CHARS:]
    if not name.isascii():
        name = "".join(map(_plain_letter, name))
    return tuple(word.lower() for word in _WORD.findall(name))


_LETTERS = {
    "ß": "ss",
    "ł": "l",
    "Ł": "L",
    "ø": "o",
    "Ø": "O",
    "ı": "i",
    "đ": "d",
    "Đ": "D",
    "æ": "ae",
    "œ": "oe",
}


def _plain_letter(char: str) -> str:
    """Return a Latin letter without its accent; of other scripts the character itself."""
    if (known := _LETTERS.get(char)) is not None:
        return known
    base = normalize("NFKD", char)[0]
    return base if base.isascii() and base.isalpha() else "" if combining(char) else char


_ENDS_IN_MARKER = re.compile(rf"{IS_MARKER.pattern}\Z")


@lru_cache(maxsize=16_384)
def rule_for(name: str) -> str | None:
    """Return the rule by which the value under ``name`` must go, or ``None``."""
    if name[-1:] == "]" and _ENDS_IN_MARKER.search(name):  # a text that went on, not a name
        return None
    words = words_of(name)
    joined = "".join(words)
    return _secret(words, joined) or _person(words, joined)


def _secret(words: tuple[str, ...], joined: str) -> str | None:
    if not SECRET_WORDS.isdisjoint(words):
        return SECRET
    if not _has_secret_stem(joined):
        return None
    for harmless in _SECRET_NEITHER:
        joined = joined.replace(harmless, "")
    return SECRET if _has_secret_stem(joined) else None


def _person(words: tuple[str, ...], joined: str) -> str | None:
    if _has_person_neither(joined):
        for harmless in _PERSON_NEITHER:
            joined = joined.replace(harmless, "")
    if not joined or not _WHOSE_SPANS.isdisjoint(words):
        return None
    if _has_person_stem(joined):
        return next(rule for rule, own in _PERSON_STEMS if any(stem in joined for stem in own))
    return _by_words(words, joined)


def _by_words(words: tuple[str, ...], joined: str) -> str | None:
    last = words[-1]
    rule = _OF_ROBLOX.get(last) if not _ROBLOX.isdisjoint(words) else None
    rule = rule or _LAST_WORDS.get(last)
    if rule is None:
        telling = next((word for word in reversed(words) if word in _PERSON_WORDS), "")
        rule = _PERSON_WORDS.get(telling) if telling in joined else None
    if rule is None and not PEOPLE.isdisjoint(words[:-1]) and _WHOSE_PROGRAMS.isdisjoint(words):
        rule = OF_PEOPLE.get(last)
    return rule


def is_of_people(name: str) -> bool:
    """Say whether ``name`` names a person, so that what stands there may be one's name."""
    words = words_of(name)
    return bool(words) and (words[-1] in PEOPLE or (words[-1] == "by" and len(words) > 1))


def is_telling_word(text: str, *, of_secrets: bool = False) -> bool:
    """Say whether ``text`` is itself one of the words (for a secret, if so asked): one that reads `password` is none."""
    telling = _TELLING_SECRETS if of_secrets else _TELLING
    return "".join(words_of(text)) in telling or text.lower() in telling


_TELLING_SECRETS = frozenset({*SECRET_STEMS, *SECRET_WORDS, "authorization", "bearer"})
_TELLING = frozenset(
    {*_TELLING_SECRETS, *_PERSON_WORDS, *PEOPLE}
    | {stem for _, stems in _PERSON_STEMS for stem in stems}
)
