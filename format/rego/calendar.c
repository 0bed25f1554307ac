#include "calendar.h"

int64_t rego_days_from_date(int64_t year, int64_t month, int64_t day)
{
	year += rego_floor_divide(month - 1, 12);
	month = month - 1 - 12 * rego_floor_divide(month - 1, 12);
	/* Years that begin in March have their leap day at the end. */
	if (month < 2) {
		year--;
		month += 12;
	}
	int64_t era = rego_floor_divide(year, 400), of_era = year - era * 400;
	int64_t yearday = (153 * (month - 2) + 2) / 5;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + yearday + day - 1 - 719468;
}

struct rego_date rego_date_from_days(int64_t days)
{
	struct rego_date date;
	int64_t shifted = days + 719468, era = rego_floor_divide(shifted, 146097), of_era = shifted - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t yearday = of_era - (365 * year + year / 4 - year / 100), month = (5 * yearday + 2) / 153;
	date.day = (int)(yearday - (153 * month + 2) / 5 + 1);
	date.month = (int)(month < 10 ? month + 3 : month - 9);
	date.year = year + era * 400 + (date.month <= 2);
	date.weekday = (int)(days + 4 - 7 * rego_floor_divide(days + 4, 7));
	date.yearday = (int)(days - rego_days_from_date(date.year, 1, 1)) + 1;
	return date;
}

bool rego_leap_year(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int rego_days_in_month(int64_t year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return days[month - 1] + (month == 2 && rego_leap_year(year));
}
