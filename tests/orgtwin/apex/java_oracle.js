// Reads questions, one JSON array a line, and prints Java's answers, one JSON text a line. Run by Rhino's shell on a bare JRE.
var BigDecimal = java.math.BigDecimal, BigInteger = java.math.BigInteger, RoundingMode = java.math.RoundingMode;
var Pattern = java.util.regex.Pattern, LocalDate = java.time.LocalDate;

function spans(matcher) {
  var found = [];
  while (matcher.find()) {
    var groups = [];
    for (var n = 0; n <= matcher.groupCount(); n++) groups.push(matcher.start(n) + "-" + matcher.end(n));
    found.push(groups.join(","));
  }
  return found.join(" ");
}

function regex(pattern, text) {
  try {
    var compiled = Pattern.compile(pattern);
    return compiled.matcher(text).matches() + " " + spans(compiled.matcher(text));
  } catch (error) {
    return "refused " + error.javaException.getDescription();
  }
}

var decimals = {
  add: function (a, b) { return a.add(b); },
  subtract: function (a, b) { return a.subtract(b); },
  multiply: function (a, b) { return a.multiply(b); },
  compare: function (a, b) { return a.compareTo(b); },
};

function wrapped(width, value) { return width === 32 ? value.intValue() : value.longValue(); }

var integers = {
  add: function (a, b) { return a.add(b); },
  subtract: function (a, b) { return a.subtract(b); },
  multiply: function (a, b) { return a.multiply(b); },
  divide: function (a, b) { return a.divide(b); },
  remainder: function (a, b) { return a.remainder(b); },
  and: function (a, b) { return a.and(b); },
  or: function (a, b) { return a.or(b); },
  xor: function (a, b) { return a.xor(b); },
};

var texts = {
  indexOf: function (a, b) { return a.indexOf(b); },
  lastIndexOf: function (a, b) { return a.lastIndexOf(b); },
  compareTo: function (a, b) { return a.compareTo(b); },
  startsWith: function (a, b) { return a.startsWith(b); },
  endsWith: function (a, b) { return a.endsWith(b); },
  equalsIgnoreCase: function (a, b) { return a.equalsIgnoreCase(b); },
  hashCode: function (a) { return a.hashCode(); },
  toUpperCase: function (a) { return a.toUpperCase(java.util.Locale.US); },
  toLowerCase: function (a) { return a.toLowerCase(java.util.Locale.US); },
  trim: function (a) { return a.trim(); },
  length: function (a) { return a.length(); },
};

var answers = {
  regex: regex,
  decimal: function (name, a, b) { return String(text(decimals[name](new BigDecimal(a), new BigDecimal(b)))); },
  setScale: function (a, scale, mode) { return new BigDecimal(a).setScale(scale, RoundingMode.valueOf(mode)).toPlainString(); },
  divide: function (a, b, scale, mode) {
    return new BigDecimal(a).divide(new BigDecimal(b), scale, RoundingMode.valueOf(mode)).toPlainString();
  },
  integer: function (width, name, a, b) {
    return java.lang.Long.toString(wrapped(width, integers[name](new BigInteger(a), new BigInteger(b))));
  },
  text: function (name, a, b) { return String(texts[name](new java.lang.String(a), new java.lang.String(b))); },
  format: function (millis, pattern, zone) {
    var format = new java.text.SimpleDateFormat(pattern, java.util.Locale.US);
    format.setTimeZone(java.util.TimeZone.getTimeZone(zone));
    return format.format(new java.util.Date(millis));
  },
  plusMonths: function (day, months) { return LocalDate.parse(day).plusMonths(months); },
  plusYears: function (day, years) { return LocalDate.parse(day).plusYears(years); },
  daysBetween: function (one, other) { return java.time.temporal.ChronoUnit.DAYS.between(LocalDate.parse(one), LocalDate.parse(other)); },
};

function text(value) { return value instanceof BigDecimal ? value.toPlainString() : value; }

var questions = new java.io.BufferedReader(new java.io.InputStreamReader(java.lang.System["in"], "UTF-8"));
var out = new java.io.PrintStream(java.lang.System.out, true, "UTF-8");
for (var line = questions.readLine(); line !== null; line = questions.readLine()) {
  var question = JSON.parse(line);
  out.println(JSON.stringify(String(answers[question[0]].apply(null, question.slice(1)))));
}
